const brand: unique symbol = Symbol.for('@pool/error');

function codesOf(errorClass: unknown): string[] {
  const codes: string[] = [];
  for (let c = errorClass; typeof c === 'function'; c = Object.getPrototypeOf(c)) {
    if (Object.hasOwn(c, 'code')) codes.push((c as unknown as typeof PoolError).code);
  }
  return codes;
}

/**
 * The base of every run-time error of this package and of the stores. `code` is stable; messages may change.
 *
 * `instanceof` and `isInstance` go by the codes an error carries, not by its prototype, so they hold for an error
 * that another installed copy of this package made.
 */
export class PoolError extends Error {
  static readonly code: string = 'ERR_POOL';
  readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = new.target.code;
    Object.defineProperty(this, brand, { value: codesOf(new.target) });
  }

  /** Whether `value` is an error of this class, made by any copy of this package. */
  static isInstance<T extends abstract new (...args: never[]) => unknown>(
    this: T,
    value: unknown,
  ): value is InstanceType<T> {
    return value instanceof this;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (!Object.hasOwn(this, 'code')) return Function.prototype[Symbol.hasInstance].call(this, value);
    const codes = typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand];
    return Array.isArray(codes) && codes.includes(this.code);
  }
}
