/** An {@link ExceptionInfo} as plain data, as it crosses from a child. */
export interface ExceptionInfoData {
  type: string;
  message: string;
  code?: string;
  stack?: string;
  expected?: boolean;
  /** Own enumerable fields of the error that are plain values. */
  fields?: Record<string, unknown>;
  cause?: ExceptionInfoData;
}

/** How deep a chain of causes is kept. */
const MAX_CAUSES = 8;
/** How many characters of a message or stack are kept. */
const MAX_TEXT = 64 * 1024;

/**
 * How a job failed: told by data, so that it reads the same whether the error was thrown here, in a thread or in a
 * child process, and never depends on `instanceof`.
 */
export class ExceptionInfo {
  /** The error's class name. */
  readonly type: string;
  readonly message: string;
  /** The error's `code`, as Node's and this package's errors have one. */
  readonly code: string | undefined;
  readonly stack: string | undefined;
  /** Whether the task declared that it may fail this way; workers log such failures more quietly. */
  readonly expected: boolean;
  /** Own fields of the error that are plain values, for example `seconds` of a time limit. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause: ExceptionInfo | undefined;
  /** What was thrown, when it was thrown in this process. */
  readonly exception: unknown;

  constructor(data: ExceptionInfoData, exception?: unknown) {
    this.type = data.type;
    this.message = data.message;
    this.code = data.code;
    this.stack = data.stack;
    this.expected = data.expected ?? false;
    this.fields = data.fields ?? {};
    this.cause = data.cause === undefined ? undefined : new ExceptionInfo(data.cause);
    this.exception = exception;
  }

  /** Describes anything that can be thrown. Never throws itself, whatever getters the value has. */
  static from(thrown: unknown, options: { expected?: boolean } = {}): ExceptionInfo {
    const data = describe(thrown, MAX_CAUSES);
    if (options.expected) data.expected = true;
    return new ExceptionInfo(data, thrown);
  }

  /** The error to throw where the failure is wanted as one: the original if it is at hand, else its likeness. */
  toError(): Error {
    if (this.exception instanceof Error) return this.exception;
    const error = new Error(
      this.message,
      this.cause === undefined ? undefined : { cause: this.cause.toError() },
    );
    error.name = this.type;
    if (this.stack !== undefined) error.stack = this.stack;
    if (this.code !== undefined) Object.assign(error, { code: this.code });
    for (const [key, value] of Object.entries(this.fields)) {
      if (!(key in error))
        Object.defineProperty(error, key, { value, enumerable: true, configurable: true, writable: true });
    }
    return brandLikeness(error, this.code);
  }

  toJSON(): ExceptionInfoData {
    const data: ExceptionInfoData = { type: this.type, message: this.message };
    if (this.code !== undefined) data.code = this.code;
    if (this.stack !== undefined) data.stack = this.stack;
    if (this.expected) data.expected = true;
    if (Object.keys(this.fields).length > 0) data.fields = this.fields;
    if (this.cause !== undefined) data.cause = this.cause.toJSON();
    return data;
  }

  toString(): string {
    return this.message === '' ? this.type : `${this.type}: ${this.message}`;
  }
}

/** Makes the likeness of one of our errors answer to `instanceof` of its class, which goes by code. */
function brandLikeness(error: Error, code: string | undefined): Error {
  if (code?.startsWith('ERR_POOL')) {
    const codes = code === 'ERR_POOL' ? [code] : [code, 'ERR_POOL'];
    Object.defineProperty(error, Symbol.for('@pool/error'), { value: codes });
  }
  return error;
}

function describe(thrown: unknown, causesLeft: number): ExceptionInfoData {
  try {
    if (thrown instanceof Error || isErrorLike(thrown)) return describeError(thrown as Error, causesLeft);
    return {
      type: typeof thrown === 'object' ? (thrown?.constructor?.name ?? 'Object') : typeof thrown,
      message: safeText(thrown),
    };
  } catch {
    return { type: 'Error', message: 'an error that cannot be described: its fields throw' };
  }
}

function describeError(error: Error, causesLeft: number): ExceptionInfoData {
  const data: ExceptionInfoData = { type: nameOf(error), message: clip(String(error.message)) };
  const { code, stack, cause } = error as Error & { code?: unknown };
  if (typeof code === 'string' || typeof code === 'number') data.code = String(code);
  if (typeof stack === 'string') data.stack = clip(stack);
  const fields = plainFields(error);
  if (fields !== undefined) data.fields = fields;
  if (cause !== undefined && cause !== null && causesLeft > 0) data.cause = describe(cause, causesLeft - 1);
  return data;
}

function nameOf(error: Error): string {
  const own = typeof error.name === 'string' && error.name !== '' ? error.name : 'Error';
  // A class that forgot to set `name` still has one.
  return own === 'Error' ? error.constructor?.name || own : own;
}

function plainFields(error: Error): Record<string, unknown> | undefined {
  let fields: Record<string, unknown> | undefined;
  for (const key of Object.keys(error)) {
    if (key === 'name' || key === 'message' || key === 'stack' || key === 'code' || key === 'cause') continue;
    const value = (error as unknown as Record<string, unknown>)[key];
    const kind = typeof value;
    const plain =
      value === null ||
      kind === 'boolean' ||
      (kind === 'number' && Number.isFinite(value)) ||
      (kind === 'string' && (value as string).length <= MAX_TEXT);
    if (plain && key !== '__proto__') {
      fields ??= {};
      fields[key] = value;
    }
  }
  return fields;
}

function isErrorLike(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { name, message } = value as Partial<Error>;
  return typeof name === 'string' && typeof message === 'string';
}

function safeText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return clip(String(value));
  return clip(JSON.stringify(value) ?? String(value));
}

function clip(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
