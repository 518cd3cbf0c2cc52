import { InvalidArgumentError } from 'commander';
import type { LogLevel } from '../logging/logger.js';

/** A whole number of at least `min`. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= min) return value;
    throw new InvalidArgumentError(`It must be a whole number of at least ${min}.`);
  };
}

/** A number of seconds, fractions allowed. */
export function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError('It must be a number of seconds.');
}

const levels: Readonly<Record<string, LogLevel | 'silent'>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  critical: 'fatal',
  fatal: 'fatal',
  silent: 'silent',
};

/** A level by pino's name or by Python's, in any case. */
export function logLevel(text: string): LogLevel | 'silent' {
  const level = levels[text.toLowerCase()];
  if (level !== undefined) return level;
  throw new InvalidArgumentError(`It must be one of ${Object.keys(levels).join(', ')}.`);
}

/** JSON of the kind that is wanted. */
export function json(kind: 'array' | 'object'): (text: string) => unknown {
  return (text) => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new InvalidArgumentError(`It must be JSON: ${(error as Error).message}.`);
    }
    const isArray = Array.isArray(value);
    if (kind === 'array' ? isArray : !isArray && typeof value === 'object' && value !== null) return value;
    throw new InvalidArgumentError(
      kind === 'array' ? "It must be a JSON array: '[2, 3]'." : 'It must be a JSON object: \'{"y": 3}\'.',
    );
  };
}

/** `name=value`, gathered; the value as JSON if it is some. */
export function assignment(text: string, previous: Record<string, unknown> = {}): Record<string, unknown> {
  const at = text.indexOf('=');
  if (at <= 0) throw new InvalidArgumentError('It must be name=value.');
  const value = text.slice(at + 1);
  try {
    return { ...previous, [text.slice(0, at)]: JSON.parse(value) };
  } catch {
    return { ...previous, [text.slice(0, at)]: value };
  }
}

/** A date, ISO 8601. */
export function date(text: string): Date {
  const value = new Date(text);
  if (!Number.isNaN(value.getTime())) return value;
  throw new InvalidArgumentError('It must be a date such as 2030-01-31T12:00:00Z.');
}
