/** Where a pool says what went wrong. Any of pino, winston or `console` fits. */
export interface PoolLogger {
  debug(message: string, error?: unknown): void;
  info(message: string, error?: unknown): void;
  warn(message: string, error?: unknown): void;
  error(message: string, error?: unknown): void;
}

const silent = (): void => {};
const write = (message: string, error?: unknown): void => {
  if (error === undefined) console.error(message);
  else console.error(message, error);
};

/** Warnings and errors go to stderr; the rest is dropped. */
export const defaultLogger: PoolLogger = { debug: silent, info: silent, warn: write, error: write };
