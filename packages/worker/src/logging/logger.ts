import { createRequire } from 'node:module';
import type { PoolLogger } from '@pool/core';
import type { LoggerOptions } from 'pino';

// Loaded by whoever logs, and in the format it logs in: a child of a pool most often never does.
const require = createRequire(import.meta.url);

/** The level of a log line. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

type LogMethod = (fields: object | string, message?: string) => void;

/** Where a worker logs; pino's loggers fit. */
export interface WorkerLogger {
  trace: LogMethod;
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
  fatal: LogMethod;
  /** A logger that puts these fields on each of its lines. */
  child(bindings: Record<string, unknown>): WorkerLogger;
  isLevelEnabled(level: string): boolean;
  flush?(): void;
}

/** How lines look; see `logLevel` and `logFormat` of the worker's settings. */
export interface LogSettings {
  readonly level: LogLevel | 'silent';
  readonly format: 'auto' | 'pretty' | 'json';
}

/** Where a logger writes. */
export interface LogStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  on?(event: 'error', listener: (error: Error) => void): unknown;
}

const survived = new WeakSet<LogStream>();

/**
 * Whoever read a stream may be gone, or its disk be full: that ends no task and no worker, and cannot be logged. Node's
 * console does the same.
 */
export function surviveErrors(stream: LogStream): void {
  if (survived.has(stream)) return;
  survived.add(stream);
  stream.on?.('error', () => {});
}

/**
 * A pino logger that writes to `stream`: lines for people on a terminal, JSON for machines elsewhere. It writes in this
 * thread, so that no line is lost when the process ends.
 */
export function createLogger(settings: LogSettings, stream: LogStream = process.stderr): WorkerLogger {
  surviveErrors(stream);
  const forPeople = settings.format === 'pretty' || (settings.format === 'auto' && stream.isTTY === true);
  const { pino } = require('pino') as typeof import('pino');
  const options: LoggerOptions = {
    level: settings.level,
    base: forPeople ? null : { pid: process.pid },
    serializers: { err: pino.stdSerializers.err },
  };
  if (!forPeople) return pino(options, stream);
  const { prettyFactory } = require('pino-pretty') as typeof import('pino-pretty');
  const format = prettyFactory({
    colorize: stream.isTTY === true && process.env['NO_COLOR'] === undefined,
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
    ignore: 'pid,hostname,taskId,taskName,runtime,printed,error,traceback',
    singleLine: true,
    messageFormat: messageOf,
  });
  return pino(options, { write: (line: string) => stream.write(format(line)) });
}

/** Lines that a task logs say so: `demo.add[1f0c…]: the text`. A failed task's stack follows the line. */
function messageOf(line: Record<string, unknown>, messageKey: string): string {
  const text = String(line[messageKey] ?? '');
  const { taskName, taskId, printed, traceback } = line;
  if (printed !== undefined && taskId !== undefined) return `${taskName}[${taskId}]: ${text}`;
  return typeof traceback === 'string' ? `${text}\n${traceback}` : text;
}

/** How pools log, on top of a worker's logger. */
export function poolLogger(logger: WorkerLogger): PoolLogger {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, error?: unknown): void => {
      if (error === undefined) logger[level](message);
      else logger[level]({ err: error }, message);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
