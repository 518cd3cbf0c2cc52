import { GreenPool, type GreenPoolOptions } from '@pool/green';
import { onTestFinished } from 'vitest';

/** A logger that keeps what it is told. */
export class Log {
  readonly lines: string[] = [];
  #waiting: { wanted: RegExp; found: (line: string) => void }[] = [];

  debug(): void {}

  info = (line: string): void => this.#add(line);
  warn = (line: string): void => this.#add(line);
  error = (line: string, error?: unknown): void => this.#add(`${line}: ${String(error)}`);

  #add(line: string): void {
    this.lines.push(line);
    for (const { wanted, found } of this.#waiting) if (wanted.test(line)) found(line);
  }

  /** The first line that matches, now or later. */
  line(wanted: RegExp): Promise<string> {
    const there = this.lines.find((line) => wanted.test(line));
    if (there !== undefined) return Promise.resolve(there);
    return new Promise((found) => this.#waiting.push({ wanted, found }));
  }
}

/** A pool that runs, and is terminated when the test is over. */
export async function started(options: GreenPoolOptions = {}): Promise<GreenPool> {
  const pool = new GreenPool({ logger: new Log(), ...options });
  onTestFinished(() => pool.terminate());
  await pool.start();
  return pool;
}

export const never = (): Promise<never> => new Promise(() => {});

/** A promise and what settles it. */
export interface Gate<T> {
  readonly promise: Promise<T>;
  readonly open: (value: T) => void;
}

export function gate<T = void>(): Gate<T> {
  let open: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** What is left to do in this turn of the event loop has been done. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
