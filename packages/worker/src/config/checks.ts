/** Checks a setting and gives it as it is used. @throws TypeError that says what it must be */
export type Check<T> = (value: unknown) => T;

/** Why a part of a setting is wrong: `path` leads to it. */
export class PartError extends TypeError {
  readonly path: readonly string[];

  constructor(part: string, cause: unknown) {
    super((cause as Error).message);
    this.path = [part, ...(cause instanceof PartError ? cause.path : [])];
  }
}

function refuse(what: string, value: unknown): never {
  const got = typeof value === 'string' ? JSON.stringify(value) : kindOf(value);
  throw new TypeError(`must be ${what}, not ${got}`);
}

function kindOf(value: unknown): string {
  if (value === null || typeof value === 'number') return String(value);
  return Array.isArray(value) ? 'an array' : `of type ${typeof value}`;
}

export function count(min: number, max: number = Number.MAX_SAFE_INTEGER): Check<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
  return (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? (value as number)
      : refuse(`a whole number, ${range}`, value);
}

export const seconds: Check<number> = (value) =>
  Number.isFinite(value) && (value as number) >= 0
    ? (value as number)
    : refuse('a number of seconds, 0 or more', value);

export const someSeconds: Check<number> = (value) =>
  Number.isFinite(value) && (value as number) > 0
    ? (value as number)
    : refuse('a number of seconds above 0', value);

export const text: Check<string> = (value) =>
  typeof value === 'string' && value !== '' ? value : refuse('a text that is not empty', value);

export const flag: Check<boolean> = (value) =>
  typeof value === 'boolean' ? value : refuse('true or false', value);

export function oneOf<const T extends string>(...choices: readonly T[]): Check<T> {
  return (value) =>
    choices.includes(value as T) ? (value as T) : refuse(`one of ${choices.join(', ')}`, value);
}

export function listOf<T>(check: Check<T>): Check<T[]> {
  return (value) => {
    if (!Array.isArray(value)) refuse('a list', value);
    return (value as unknown[]).map((item, i) => part(String(i), check, item));
  };
}

export function recordOf<T>(check: Check<T>): Check<Record<string, T>> {
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse('an object', value);
    return Object.fromEntries(
      Object.entries(value as object).map(([key, item]) => [key, part(key, check, item)]),
    );
  };
}

function part<T>(name: string, check: Check<T>, value: unknown): T {
  try {
    return check(value);
  } catch (error) {
    throw new PartError(name, error);
  }
}

/** A setting that is off, or depends on the pool, unless it is given. */
export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value) => (value === undefined ? undefined : check(value));
}

export function withDefault<T>(check: Check<T>, otherwise: T): Check<T> {
  return (value) => (value === undefined ? otherwise : check(value));
}
