import type { EventEmitter } from 'node:events';

/** Seconds that anything in a test may take on a slow machine. */
const PATIENCE = 50;

/** The next time an emitter tells something, with what it tells. */
export function next<Events extends Record<keyof Events, unknown[]>, Name extends keyof Events>(
  emitter: EventEmitter<Events>,
  name: Name,
): Promise<Events[Name]> {
  return new Promise((resolve) => {
    (emitter as EventEmitter).once(name as string, (...told) => resolve(told as Events[Name]));
  });
}

/** Looks again and again until it is so. */
export async function until(isSo: () => boolean | Promise<boolean>, what = 'it came to be'): Promise<void> {
  const end = performance.now() + PATIENCE * 1000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`not within ${PATIENCE} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('it should have been rejected');
    },
    (error: unknown) => error as Error,
  );
}
