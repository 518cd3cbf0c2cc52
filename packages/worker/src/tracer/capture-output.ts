import { createLogger, type LogLevel, surviveErrors, type WorkerLogger } from '../logging/logger.js';
import type { ChildSettings } from './child-settings.js';

/** Which task prints at this moment. */
export type CurrentTask = () => { readonly id: string; readonly name: string } | undefined;

/** How long a line without an end may grow before it is logged as it is. */
const MAX_LINE = 64 * 1024;

/**
 * Turns what a child prints into log lines of the worker's format, with the name and the id of the task that runs. Lines
 * printed before the first task are lines without one.
 */
export function captureOutput(log: NonNullable<ChildSettings['log']>, current: CurrentTask): void {
  surviveErrors(process.stderr);
  const write = process.stderr.write.bind(process.stderr);
  let logger: WorkerLogger | undefined;
  const emit = (line: string, level: LogLevel): void => {
    logger ??= createLogger(log, { write, isTTY: process.stderr.isTTY });
    const task = current();
    if (task === undefined) logger[level]({ printed: true }, line);
    else logger[level]({ printed: true, taskId: task.id, taskName: task.name }, line);
  };
  replaceWrite(process.stdout, (line) => emit(line, log.printed));
  replaceWrite(process.stderr, (line) => emit(line, log.printed));
}

function replaceWrite(stream: NodeJS.WriteStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.write = ((chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
    rest += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
    if (rest.length > MAX_LINE) {
      onLine(rest);
      rest = '';
    }
    const done = typeof encoding === 'function' ? encoding : callback;
    if (typeof done === 'function') queueMicrotask(() => (done as () => void)());
    return true;
  }) as typeof stream.write;
}
