import type { RetryOptions } from '@pool/app';
import type { PreparedRetry } from './outcome.js';
import type { TaskRun } from './task-run.js';

/**
 * What the parent needs to send a task again: the message as it came with what `retry` changes. The body only travels
 * when the arguments are others.
 *
 * @throws EncodeError when they have no form in the task's serializer
 */
export function prepareRetry(run: TaskRun, options: RetryOptions, now: number = Date.now()): PreparedRetry {
  const {
    countdown = run.options.defaultRetryDelay,
    eta,
    args,
    kwargs,
    queue,
    priority,
    expires,
    headers,
  } = options;
  const at = eta instanceof Date ? eta.getTime() : now + countdown * 1000;
  const trace = run.app.options.telemetry?.headers();
  const { timelimit } = run.request;
  const { timeLimit = timelimit[0], softTimeLimit = timelimit[1] } = options;
  return {
    eta: new Date(at).toISOString(),
    seconds: Math.max(0, at - now) / 1000,
    ...(queue === undefined ? {} : { queue }),
    ...(priority === undefined ? {} : { priority }),
    ...(expires === undefined ? {} : { expires: isoOf(expires, now) }),
    ...(timeLimit === timelimit[0] && softTimeLimit === timelimit[1]
      ? {}
      : { timelimit: [timeLimit, softTimeLimit] as const }),
    ...(headers === undefined && trace === undefined ? {} : { headers: { ...headers, ...trace } }),
    ...(args === undefined && kwargs === undefined
      ? {}
      : {
          body: run.app.codec.encode([args ?? run.body.args, kwargs ?? run.body.kwargs, run.body.embed], {
            serializer: run.options.serializer,
            ...(run.options.compression === undefined ? {} : { compression: run.options.compression }),
          }),
        }),
  };
}

function isoOf(time: number | Date, now: number): string {
  return (typeof time === 'number' ? new Date(now + time * 1000) : time).toISOString();
}
