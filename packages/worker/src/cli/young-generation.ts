import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** What both halves of the space for new objects may grow to, in bytes. */
const BOUND = 16 * 2 ** 20;

/**
 * Keeps V8's space for new objects from growing beyond 16 MB: left to itself it grows to 32 MB, with Node 24 to 128 MB, all
 * of it touched in turn, and a process that only hands tasks on is no faster for it. For a process that is ours, and unless
 * whoever started it sized that space.
 */
export function boundYoungGeneration(): void {
  if ([...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some((text) => /semi[-_]space/.test(text)))
    return;
  // The bound itself is fixed when a process starts; by how much the space grows is looked up whenever it does.
  const observer = new PerformanceObserver(() => {
    if (youngGeneration() < BOUND) return;
    observer.disconnect();
    setFlagsFromString('--semi-space-growth-factor=1');
  });
  observer.observe({ entryTypes: ['gc'] });
}

function youngGeneration(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
}
