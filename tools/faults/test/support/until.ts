import { setTimeout as sleep } from 'node:timers/promises';

/** Looks again and again until it is so; fails after a generous time, with what `explain` tells. */
export async function until(
  isSo: () => Promise<boolean> | boolean,
  explain: () => unknown,
  seconds = 120,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await isSo())) {
    if (performance.now() > deadline)
      throw new Error(`it did not come about in ${seconds} s: ${await explain()}`);
    await sleep(20);
  }
}
