import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BrokerUrl, parseBrokerUrls } from './broker-url.js';
import { TransportNotFoundError } from './errors.js';
import type { Transport } from './transport.js';
import type { TransportOptions } from './transport-options.js';

/** What the package of a transport exports, as its default or as `createTransport`. */
export type TransportFactory = (urls: readonly BrokerUrl[], options?: TransportOptions) => Transport;

/** How the package of a transport is found. */
export interface LoadTransportOptions {
  /** Given to the transport. */
  options?: TransportOptions;
  /** Packages of other schemes, or instead of the usual ones: `{ nats: '@acme/pool-nats' }`. */
  packages?: Readonly<Record<string, string>>;
  /** The file or folder from which packages are resolved: the user's project. @default the working directory */
  from?: string;
  /** Imports a package by name. @default resolves it from `from`, then from this package */
  import?: (specifier: string) => Promise<unknown>;
}

const packageByScheme = new Map([
  ['memory', '@pool/transport-memory'],
  ['filesystem', '@pool/transport-filesystem'],
  ['redis', '@pool/transport-redis'],
  ['rediss', '@pool/transport-redis'],
  ['redis+socket', '@pool/transport-redis'],
  ['sentinel', '@pool/transport-redis'],
  ['amqp', '@pool/transport-amqp'],
  ['amqps', '@pool/transport-amqp'],
  ['pyamqp', '@pool/transport-amqp'],
  ['sqs', '@pool/transport-sqs'],
  ['zookeeper', '@pool/transport-zookeeper'],
]);

/**
 * The npm package that serves a broker URL: `redis://…` → `@pool/transport-redis`. An unknown scheme `x` is served
 * by the package `pool-transport-x`, or by what `packages` names for it.
 * @throws {InvalidBrokerUrlError}
 */
export function transportPackageFor(
  url: BrokerUrl | string | readonly (BrokerUrl | string)[],
  packages: Readonly<Record<string, string>> = {},
): string {
  const { scheme } = parseBrokerUrls(url)[0] as BrokerUrl;
  if (Object.hasOwn(packages, scheme)) return packages[scheme] as string;
  return packageByScheme.get(scheme) ?? `pool-transport-${scheme.replaceAll(/[^a-z0-9]+/g, '-')}`;
}

/**
 * Imports the package that serves a broker URL and makes its transport, not yet connected.
 * @throws {InvalidBrokerUrlError}
 * @throws {TransportNotFoundError} the package is not installed; the message names the `npm install` to run
 */
export async function loadTransport(
  url: BrokerUrl | string | readonly (BrokerUrl | string)[],
  options: LoadTransportOptions = {},
): Promise<Transport> {
  const urls = parseBrokerUrls(url);
  const name = transportPackageFor(urls, options.packages);
  const load = options.import ?? importFrom(options.from ?? join(process.cwd(), 'package.json'));
  let module: unknown;
  try {
    module = await load(name);
  } catch (error) {
    if (!isMissing(error, name)) throw error;
    const scheme = urls[0]?.scheme;
    throw new TransportNotFoundError(`no transport for ${scheme}: is installed; run: npm install ${name}`, {
      cause: error,
      package: name,
    });
  }
  return factoryOf(module, name)(urls, options.options);
}

function importFrom(from: string): (specifier: string) => Promise<unknown> {
  return async (specifier) => {
    const file = /\.[cm]?[jt]sx?$|\.json$/.test(from) ? from : join(from, 'package.json');
    let resolved: string;
    try {
      resolved = createRequire(pathToFileURL(file)).resolve(specifier);
    } catch {
      // Not a dependency of the user's project: it may be one of whoever brought this package.
      return import(specifier);
    }
    return import(pathToFileURL(resolved).href);
  };
}

function isMissing(error: unknown, name: string): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  return missing && String((error as Error).message).includes(`'${name}'`);
}

function factoryOf(module: unknown, name: string): TransportFactory {
  const { default: fallback, createTransport } = (module ?? {}) as Record<string, unknown>;
  const factory = createTransport ?? fallback;
  if (typeof factory === 'function') return factory as TransportFactory;
  throw new TransportNotFoundError(
    `the package ${name} is not a transport: it exports neither createTransport nor a default function`,
    { package: name },
  );
}
