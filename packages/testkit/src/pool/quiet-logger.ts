import type { PoolLogger } from '@pool/core';

/** A logger that keeps what it was told. */
export class QuietLogger implements PoolLogger {
  readonly lines: string[] = [];

  debug(message: string): void {
    this.lines.push(message);
  }

  info(message: string): void {
    this.lines.push(message);
  }

  warn(message: string): void {
    this.lines.push(message);
  }

  error(message: string, error?: unknown): void {
    this.lines.push(error === undefined ? message : `${message}: ${String(error)}`);
  }
}
