import type { Change } from './session.js';

/** Changes in requests that ZooKeeper takes: it refuses more than a mebibyte at once. */
export function requests(changes: readonly { create: string; data: Buffer }[]): Change[][] {
  const all: Change[][] = [];
  let current: Change[] = [];
  let bytes = 0;
  for (const change of changes) {
    if (current.length > 0 && (current.length >= 200 || bytes + change.data.length > 512 * 1024)) {
      all.push(current);
      current = [];
      bytes = 0;
    }
    current.push(change);
    bytes += change.data.length;
  }
  if (current.length > 0) all.push(current);
  return all;
}
