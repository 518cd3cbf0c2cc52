/** The longest delay a Node timer can hold, in milliseconds; a longer one would end at once. */
const MAX_TIMER = 2 ** 31 - 1;

/** Seconds as a timer takes them. */
export function milliseconds(seconds: number): number {
  return Math.min(MAX_TIMER, seconds * 1000);
}

/** Waits so many seconds, or until there is no time left. */
export function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds(seconds));
    signal.addEventListener('abort', done);
  });
}

/** Whether a promise settles within so many seconds; its error is the caller's. */
export async function within(seconds: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds(seconds));
  });
  try {
    return await Promise.race([promise.then(() => true), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
