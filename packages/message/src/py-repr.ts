export interface PyReprOptions {
  /** Characters after which the text is cut, with `...`. @default 1024 */
  maxLength?: number | undefined;
  /** Nesting after which a container is shown as `[...]`. @default 3 */
  maxDepth?: number | undefined;
  /** Show the outermost array as a tuple, as positional arguments are shown. @default false */
  tuple?: boolean | undefined;
}

/**
 * A Python-like `repr` for logs and events (`argsrepr`, `kwargsrepr`, the result in `task-succeeded`). For people
 * only. Works in time bounded by `maxLength`, never throws, and calls no code of the value (no toJSON, no toString).
 */
export function pyRepr(value: unknown, options: PyReprOptions = {}): string {
  const writer = new ReprWriter(options.maxLength ?? 1024, options.maxDepth ?? 3);
  if (options.tuple === true && Array.isArray(value)) writer.tuple(value);
  else writer.value(value, 0);
  return writer.toString();
}

class ReprWriter {
  readonly #maxLength: number;
  readonly #maxDepth: number;
  readonly #ancestors = new Set<object>();
  #text = '';

  constructor(maxLength: number, maxDepth: number) {
    this.#maxLength = maxLength;
    this.#maxDepth = maxDepth;
  }

  get #full(): boolean {
    return this.#text.length > this.#maxLength;
  }

  toString(): string {
    if (!this.#full) return this.#text;
    const end = this.#maxLength;
    const last = this.#text.charCodeAt(end - 1);
    // Half a surrogate pair is no character.
    const cut = last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
    return `${this.#text.slice(0, cut)}...`;
  }

  tuple(items: readonly unknown[]): void {
    this.#sequence('(', items, items.length === 1 ? ',)' : ')', 0);
  }

  value(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'string':
        this.#text += quote(value, this.#maxLength);
        return;
      case 'number':
        this.#text += numberRepr(value);
        return;
      case 'boolean':
        this.#text += value ? 'True' : 'False';
        return;
      case 'object':
        this.#object(value, depth);
        return;
      case 'undefined':
        this.#text += 'None';
        return;
      case 'function':
        this.#text += '<function>';
        return;
      default:
        this.#text += String(value);
    }
  }

  #object(value: object | null, depth: number): void {
    if (value === null) {
      this.#text += 'None';
    } else if (this.#ancestors.has(value)) {
      this.#text += '<Recursion>';
    } else {
      this.#ancestors.add(value);
      try {
        this.#container(value, depth);
      } catch {
        this.#text += '<Unrepresentable>';
      }
      this.#ancestors.delete(value);
    }
  }

  #container(value: object, depth: number): void {
    if (Array.isArray(value)) this.#sequence('[', value, ']', depth);
    else if (value instanceof Date) this.#text += dateRepr(value);
    else if (value instanceof Uint8Array) this.#text += bytesRepr(value, this.#maxLength);
    else if (value instanceof Error)
      this.#text += `${typeName(value)}(${quote(String(value.message), this.#maxLength)})`;
    else if (value instanceof Map) this.#mapping('', value, depth);
    else if (value instanceof Set)
      this.#sequence(value.size === 0 ? 'set(' : '{', value, value.size === 0 ? ')' : '}', depth);
    else {
      const name = typeName(value);
      this.#mapping(name === 'Object' ? '' : name, ownEntries(value), depth);
    }
  }

  #sequence(open: string, items: Iterable<unknown>, close: string, depth: number): void {
    this.#text += open;
    if (depth >= this.#maxDepth) {
      this.#text += `...${close}`;
      return;
    }
    let separator = '';
    for (const item of items) {
      this.#text += separator;
      this.value(item, depth + 1);
      separator = ', ';
      if (this.#full) return;
    }
    this.#text += close;
  }

  #mapping(name: string, entries: Iterable<[unknown, unknown]>, depth: number): void {
    const close = name === '' ? '}' : '})';
    this.#text += name === '' ? '{' : `${name}({`;
    if (depth >= this.#maxDepth) {
      this.#text += `...${close}`;
      return;
    }
    let separator = '';
    for (const [key, member] of entries) {
      this.#text += separator;
      this.value(key, depth + 1);
      this.#text += ': ';
      this.value(member, depth + 1);
      separator = ', ';
      if (this.#full) return;
    }
    this.#text += close;
  }
}

function* ownEntries(value: object): Generator<[string, unknown]> {
  for (const key in value) {
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property !== undefined) yield [key, 'value' in property ? property.value : '<property>'];
  }
}

function typeName(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== 'object' || prototype === null) return 'Object';
  const type: unknown = prototype.constructor;
  return typeof type === 'function' && type.name !== '' ? type.name : 'Object';
}

function numberRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return String(value);
}

function dateRepr(value: Date): string {
  return Number.isNaN(value.getTime()) ? '<Invalid Date>' : `'${Date.prototype.toISOString.call(value)}'`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Printable ASCII without quotes and backslashes. */
const PLAIN = /^[ !#-&(-[\]-~]*$/;

/** Python's choice of quotes: single, unless the text holds single ones and no double ones. */
function quote(text: string, maxLength: number): string {
  if (text.length <= maxLength && PLAIN.test(text)) return `'${text}'`;
  // One more than the bound, so that the writer sees that it was passed.
  const part = text.length > maxLength ? text.slice(0, maxLength + 1) : text;
  const mark = part.includes("'") && !part.includes('"') ? '"' : "'";
  let quoted = mark;
  for (const char of part) {
    if (char === mark) quoted += `\\${char}`;
    else quoted += ESCAPES[char] ?? (isPrintable(char) ? char : escapeChar(char.codePointAt(0) ?? 0));
  }
  return quoted + mark;
}

function isPrintable(char: string): boolean {
  return (char >= ' ' && char <= '~') || !/[\p{C}\p{Zl}\p{Zp}]/u.test(char);
}

function escapeChar(code: number): string {
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

function bytesRepr(bytes: Uint8Array, maxLength: number): string {
  let text = "b'";
  for (const byte of bytes.subarray(0, maxLength + 1)) {
    const char = String.fromCharCode(byte);
    if (char === "'") text += "\\'";
    else text += ESCAPES[char] ?? (byte >= 0x20 && byte < 0x7f ? char : escapeChar(byte));
  }
  return `${text}'`;
}
