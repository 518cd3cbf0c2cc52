import type { Script } from 'node:vm';

const key = Symbol.for('@pool/core.interruptible');
const slot = globalThis as { [key]?: (() => unknown) | undefined };

let script: Script | undefined;

/**
 * Calls a function whose synchronous part is interrupted after `seconds`, even in a busy loop, by V8's own watchdog.
 * The interrupted code's `catch` and `finally` blocks do not run. What it does after its first `await` is not covered.
 * Costs some 30 µs a call, so it is for jobs that have a limit.
 *
 * @throws what `interrupted()` returns, when the time is up; else whatever the function throws
 */
export function callInterruptibly<T>(call: () => T, seconds: number, interrupted: () => Error): T {
  // Loaded here: a new process has more urgent things to do.
  script ??= new (process.getBuiltinModule('node:vm').Script)(
    `globalThis[Symbol.for('@pool/core.interruptible')]()`,
    {
      filename: 'pool-interruptible',
    },
  );
  const before = slot[key];
  const start = performance.now();
  const timeout = Math.max(1, Math.ceil(seconds * 1000));
  slot[key] = call;
  try {
    return script.runInThisContext({ timeout }) as T;
  } catch (error) {
    const timedOut = (error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
    // The function may have run a script of its own with a shorter limit: that is its error, not ours.
    if (timedOut && performance.now() - start >= timeout - 1) throw interrupted();
    throw error;
  } finally {
    slot[key] = before;
  }
}
