import { AssertionError } from 'node:assert/strict';

/** Waits for a promise; fails with a message that says what was waited for when it takes longer than `seconds`. */
export async function within<T>(promise: PromiseLike<T>, seconds: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AssertionError({ message: `not within ${seconds} s: ${what}` })),
      seconds * 1000,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until a condition holds that no event announces. */
export async function until(condition: () => boolean, seconds: number, what: string): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!condition()) {
    if (performance.now() > end) throw new AssertionError({ message: `not within ${seconds} s: ${what}` });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Lets time pass, where the passing of time is what is tested. */
export function elapse(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** What a promise rejects with; nothing if it does not. Unlike the promise, it can be left alone for a while. */
export function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
