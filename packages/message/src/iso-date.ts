const MICROS_ZERO = '000';

/**
 * Formats a date (or Unix milliseconds) as Celery does: `2026-01-01T00:00:00.123000+00:00`, UTC. Always six digits of
 * fraction, since Celery up to 5.2 reads `.123` as 123 microseconds. Throws TypeError outside the years 1 to 9999,
 * which is all that Python knows.
 */
export function formatIso(date: Date | number): string {
  const time = Number(date);
  // Many tasks end in one millisecond.
  if (time === lastTime) return lastText;
  lastText = format(date);
  lastTime = time;
  return lastText;
}

let lastTime = Number.NaN;
let lastText = '';

function format(date: Date | number): string {
  const instant = typeof date === 'number' ? new Date(date) : date;
  const year = instant.getUTCFullYear();
  if (!(year >= 1 && year <= 9999)) {
    throw new TypeError(`Expected a valid date in the years 1 to 9999, got ${String(date)}`);
  }
  const text = instant.toISOString();
  return `${text.slice(0, -1)}${MICROS_ZERO}+00:00`;
}

/** The current time in Celery's form. */
export function isoNow(): string {
  return formatIso(Date.now());
}

const ISO =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?\s?(Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)?$/i;

const MINUTE = 60_000;

/**
 * Reads an ISO 8601 date-time with any offset and up to nine digits of fraction. A date without an offset is UTC, as
 * Celery takes it. What is finer than a millisecond is dropped, since a Date cannot hold it.
 * Returns null when the text is not such a date or names a day or hour that does not exist.
 */
export function parseIso(text: string): Date | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, y, mo, d, h = '0', mi = '0', s = '0', fraction = '', zone] = match;
  const year = Number(y);
  const month = Number(mo);
  const day = Number(d);
  const hour = Number(h);
  const minute = Number(mi);
  const second = Number(s);
  if (year < 1 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCDate() !== day) return null;
  date.setUTCHours(hour, minute, second, Number(fraction.padEnd(3, '0').slice(0, 3)));
  if (zone === undefined || zone === 'Z' || zone === 'z') return date;
  const digits = zone.slice(1).replaceAll(':', '');
  const offset =
    Number(digits.slice(0, 2)) * MINUTE * 60 +
    Number(digits.slice(2, 4) || 0) * MINUTE +
    Number(digits.slice(4, 6) || 0) * 1000;
  return new Date(date.getTime() - (zone.startsWith('-') ? -offset : offset));
}
