import { readFileSync } from 'node:fs';
import type { ClusterOptions, RedisOptions } from 'ioredis';

/** ioredis's options less one that decides its types. */
export type ClientOptions = Omit<RedisOptions, 'replyMapping'>;

/** Options that say what kind of server there is, and how it is spoken to. */
export interface RedisServerOptions {
  /** The name of the Sentinel group, with `sentinel://` URLs. @default 'mymaster' */
  masterName?: string;
  /** Talk to a Redis Cluster, whose nodes the URLs name. @default false */
  cluster?: boolean;
  /** TLS options for `rediss://`, as `tls.connect` takes them. */
  tls?: RedisOptions['tls'];
  /** More options for ioredis, for what has no option here. */
  client?: Omit<RedisOptions & ClusterOptions, 'replyMapping'>;
}

/** The names of {@link RedisServerOptions}. */
export const REDIS_SERVER_OPTION_NAMES: Readonly<Record<keyof RedisServerOptions, true>> = {
  masterName: true,
  cluster: true,
  tls: true,
  client: true,
};

/**
 * TLS, where the URL's scheme (`secure`) or the option asks for it. The URL's query may say what Celery's says, `ssl_ca_certs`
 * and others; the option goes before it.
 *
 * @throws {TypeError} for an `ssl_cert_reqs` that is none
 */
export function tlsOptions(
  secure: boolean,
  query: (name: string) => string | null | undefined,
  tls: RedisOptions['tls'],
): ClientOptions {
  if (!secure && tls === undefined) return {};
  const file = (name: string): Buffer | undefined => {
    const path = query(name);
    return path == null ? undefined : readFileSync(path);
  };
  const [ca, cert, key] = [file('ssl_ca_certs'), file('ssl_certfile'), file('ssl_keyfile')];
  const required = query('ssl_cert_reqs') ?? 'required';
  if (!/^(CERT_)?(NONE|OPTIONAL|REQUIRED)$/i.test(required))
    throw new TypeError(`ssl_cert_reqs is none, optional or required, not ${JSON.stringify(required)}`);
  return {
    tls: {
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
      ...(/NONE$/i.test(required) && { rejectUnauthorized: false }),
      ...tls,
    },
  };
}

/** The number of a database, 0 where none is named; kombu's `/2` is 2. @throws {TypeError} */
export function databaseNumber(text: string): number {
  const db = Number(text.replace(/^\//, ''));
  if (!Number.isInteger(db) || db < 0)
    throw new TypeError(`a Redis database is a number, not ${JSON.stringify(text)}`);
  return db;
}

/** A prefix that keeps all keys on one node of a cluster. @throws {TypeError} for one without a hash tag */
export function assertHashTag(globalKeyPrefix: string): void {
  if (/\{[^{}]+\}/.test(globalKeyPrefix)) return;
  throw new TypeError(
    "a Redis Cluster keeps a script's keys together by a hash tag: set globalKeyPrefix to one, as '{celery}'",
  );
}
