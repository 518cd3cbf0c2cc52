import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** In seconds. Nothing here runs for ever, so that a pool that fails to end it fails its test and blocks nobody. */
export const FOREVER = 40;

/** Blocks what runs it for so many seconds. */
export function busy(seconds: number): string {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end);
  return 'ran to its end';
}

/** Takes about that long without blocking. */
export function idle(seconds: number): Promise<string> {
  return new Promise((resolve) => setTimeout(() => resolve('ran to its end'), seconds * 1000));
}

/** Blocks until another job blocks at the same time: two of these can only meet if jobs run in parallel. */
export function meet(folder: string, me: string, other: string, seconds: number): boolean {
  writeFileSync(join(folder, me), '');
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) if (existsSync(join(folder, other))) return true;
  return false;
}
