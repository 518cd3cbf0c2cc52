import { inspect } from 'node:util';
import { InvalidBrokerUrlError } from './errors.js';

const secretParameter = /pass|secret|token|credential|key$/i;
/** What an address is known by, whichever installed copy of this package made it. */
const brand = Symbol.for('@pool/broker-url');
const pathSchemes = new Set(['filesystem', 'memory', 'redis+socket']);

/** The parts of a broker URL that may be shown. */
export interface BrokerUrlParts {
  scheme: string;
  username: string | undefined;
  /** `''` where the URL names none. */
  host: string;
  port: number | undefined;
  /** What follows the host, without its leading `/`; for `filesystem:` and `memory:` all that follows `//`. */
  path: string;
  query: Readonly<Record<string, string>>;
}

/**
 * One broker address. Its password is shown by nothing but `password()` and `reveal()`: not by `toString()`, JSON,
 * `util.inspect` or an error. `instanceof` holds for one that another installed copy of this package made.
 */
export class BrokerUrl implements BrokerUrlParts {
  readonly scheme: string;
  readonly username: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly #password: string | undefined;
  readonly #text: string;
  readonly #masked: string;

  private constructor(parts: BrokerUrlParts, password: string | undefined, text: string, masked: string) {
    this.scheme = parts.scheme;
    this.username = parts.username;
    this.host = parts.host;
    this.port = parts.port;
    this.path = parts.path;
    this.#password = password;
    this.#text = text;
    this.#masked = masked;
    // A secret in the query is reachable, as the adapter needs it, but does not show.
    const query: Record<string, string> = {};
    for (const [name, value] of Object.entries(parts.query)) {
      Object.defineProperty(query, name, { value, enumerable: !secretParameter.test(name) });
    }
    this.query = Object.freeze(query);
  }

  /**
   * Parses one address. Use `parseBrokerUrls` for a list with alternatives.
   * @throws {InvalidBrokerUrlError}
   */
  static parse(text: string): BrokerUrl {
    const match = /^([a-z][a-z0-9+.-]*):\/\/([^?#]*)(?:\?([^#]*))?$/is.exec(text.trim());
    if (!match) throw invalid('it needs the form scheme://host:port/path?option=value');
    const scheme = (match[1] as string).toLowerCase();
    const rest = match[2] as string;
    const query = parseQuery(match[3] ?? '');
    const maskedQuery = showQuery(query);
    if (pathSchemes.has(scheme)) {
      const parts = {
        scheme,
        username: undefined,
        host: '',
        port: undefined,
        path: decode(rest, 'path'),
        query,
      };
      // redis+socket carries `:password@` before its path.
      const socket = scheme === 'redis+socket' ? /^([^/@]*)@(.*)$/s.exec(rest) : null;
      if (!socket) return new BrokerUrl(parts, query['password'], text, `${scheme}://${rest}${maskedQuery}`);
      const user = parseUser(socket[1] as string);
      const path = socket[2] as string;
      const masked = `${scheme}://${showUser(user)}${path}${maskedQuery}`;
      return new BrokerUrl(
        { ...parts, username: user.username, path: decode(path, 'path') },
        user.password,
        text,
        masked,
      );
    }
    const slash = rest.indexOf('/');
    const authority = slash < 0 ? rest : rest.slice(0, slash);
    const path = slash < 0 ? '' : rest.slice(slash + 1);
    const at = authority.lastIndexOf('@');
    if (at < 0 && path.includes('@'))
      throw invalid('percent-encode the / in its user name or password (as %2F)');
    const user = at < 0 ? { username: undefined, password: undefined } : parseUser(authority.slice(0, at));
    const { host, port } = parseHost(authority.slice(at + 1));
    const parts = { scheme, username: user.username, host, port, path: decode(path, 'path'), query };
    const masked = `${scheme}://${showUser(user)}${authority.slice(at + 1)}${slash < 0 ? '' : `/${path}`}${maskedQuery}`;
    return new BrokerUrl(parts, user.password, text, masked);
  }

  /** The password, decoded, or `undefined`. Never log it. */
  password(): string | undefined {
    return this.#password;
  }

  /** The URL as it was given, password and all. Never log it. */
  reveal(): string {
    return this.#text;
  }

  /** The URL with `**` for every secret. */
  toString(): string {
    return this.#masked;
  }

  toJSON(): string {
    return this.#masked;
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value;
  }

  static {
    Object.defineProperty(BrokerUrl.prototype, brand, { value: true });
    Object.defineProperty(BrokerUrl.prototype, inspect.custom, {
      value(this: BrokerUrl): string {
        return `BrokerUrl ${this.#masked}`;
      },
    });
  }
}

/**
 * Parses a broker URL, or several separated by `;`, or a list of them: the first is used, the others are for
 * failover. A part without a scheme takes the first one's (`sentinel://a;b`). All must have the same scheme.
 * @throws {InvalidBrokerUrlError}
 */
export function parseBrokerUrls(urls: BrokerUrl | string | readonly (BrokerUrl | string)[]): BrokerUrl[] {
  const list = typeof urls === 'string' || urls instanceof BrokerUrl ? [urls] : urls;
  const parsed: BrokerUrl[] = [];
  for (const entry of list) {
    if (entry instanceof BrokerUrl) {
      parsed.push(entry);
      continue;
    }
    if (typeof entry !== 'string') throw new TypeError('a broker URL must be a string or a BrokerUrl');
    for (const part of entry.split(';')) {
      const text = part.trim();
      if (text === '') continue;
      const first = parsed[0];
      parsed.push(BrokerUrl.parse(first && !text.includes('://') ? `${first.scheme}://${text}` : text));
    }
  }
  const first = parsed[0];
  if (!first) throw invalid('it is empty');
  const other = parsed.find((url) => url.scheme !== first.scheme);
  if (other) {
    throw invalid(`all its alternatives need one scheme, and it has ${first.scheme}: and ${other.scheme}:`);
  }
  return parsed;
}

function invalid(why: string): InvalidBrokerUrlError {
  return new InvalidBrokerUrlError(`the broker URL does not parse: ${why}`);
}

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(`its ${what} has a % that is not followed by two hexadecimal digits (write it as %25)`);
  }
}

function parseUser(text: string): { username: string | undefined; password: string | undefined } {
  const colon = text.indexOf(':');
  const username = decode(colon < 0 ? text : text.slice(0, colon), 'user name');
  const password = colon < 0 ? undefined : decode(text.slice(colon + 1), 'password');
  return { username: username === '' ? undefined : username, password };
}

function showUser(user: { username: string | undefined; password: string | undefined }): string {
  if (user.username === undefined && user.password === undefined) return '';
  const name = encodeURIComponent(user.username ?? '');
  return `${name}${user.password === undefined ? '' : ':**'}@`;
}

function parseHost(text: string): { host: string; port: number | undefined } {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]]*)(?::(\d*))?$/i.exec(text);
  if (!match)
    throw invalid(
      'its host or port is malformed (a special character in a password must be percent-encoded)',
    );
  const port = match[2] === undefined || match[2] === '' ? undefined : Number(match[2]);
  if (port !== undefined && (port < 1 || port > 65535)) throw invalid('its port is not between 1 and 65535');
  return { host: (match[1] as string).replace(/^\[|\]$/g, ''), port };
}

function parseQuery(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

function showQuery(query: Record<string, string>): string {
  const shown = Object.entries(query).map(
    ([name, value]) =>
      `${encodeURIComponent(name)}=${secretParameter.test(name) ? '**' : encodeURIComponent(value)}`,
  );
  return shown.length === 0 ? '' : `?${shown.join('&')}`;
}
