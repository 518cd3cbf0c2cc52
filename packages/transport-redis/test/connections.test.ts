import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { type RedisSentinelGroup, startRedis, startRedisSentinel } from '@pool/servers';
import { requireServer } from '@pool/servers/vitest';
import { next, rejection } from '@pool/servers/waiting';
import type { Transport } from '@pool/transport';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { connect, create, gather, message, send } from './support/scene.js';

const redis = await requireServer('redis');
/** With characters that URLs encode. */
const SECRET = 'pass/w:rd@5%';

async function roundTrip(transport: Transport, queue = 'q'): Promise<void> {
  const { consumer, count } = await gather(transport, queue);
  await send(transport, queue, ['hi']);
  await count(1);
  await consumer.cancel();
  await transport.flush();
}

/** Everything that can be seen of a value, to any depth. */
const seen = (value: unknown): string =>
  inspect(value, { depth: 12, showHidden: true, maxStringLength: null, maxArrayLength: null });

describe('TLS', async () => {
  const secure = await requireServer('redis', { tls: true });

  test('is spoken to a server whose issuer is trusted, by option or by URL', async () => {
    const { ca = '' } = secure.tls ?? {};
    await roundTrip(await connect(secure.url, { tls: { ca: readFileSync(ca) } }));
    await roundTrip(await connect(`${secure.url}?ssl_cert_reqs=required&ssl_ca_certs=${ca}`));
    await roundTrip(await connect(`${secure.url}?ssl_cert_reqs=CERT_NONE`));
    await roundTrip(await connect(secure.url.replace('rediss', 'redis'), { tls: { ca: readFileSync(ca) } }));
  });

  test('is refused to a server that nobody vouches for, with what to do about it', async () => {
    const error = await rejection(create(secure.url).connect());
    expect(error).toMatchObject({ code: 'ERR_POOL_BROKER_REFUSED' });
    expect(error.message).toMatch(/self-signed certificate; trust the issuer .* tls: \{ ca \}/);
    const { ca = '' } = secure.tls ?? {};
    const tls = { ca: readFileSync(ca), servername: 'elsewhere.example' };
    expect((await rejection(create(secure.url, { tls }).connect())).message).toMatch(/for another host/);
    expect((await rejection(create(`${secure.url}?ssl_cert_reqs=perhaps`).connect())).message).toMatch(
      /none, optional or required/,
    );
  });

  test('a handshake that is broken off, since the other connection was refused, ends in no error that nobody hears', async () => {
    const loose: Error[] = [];
    const note = (error: Error): void => void loose.push(error);
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', note);
    onTestFinished(() => {
      process.off('uncaughtException', note);
      for (const listener of others) process.on('uncaughtException', listener);
    });
    for (let i = 0; i < 60; i++) await rejection(create(secure.url).connect());
    // By then the answers to those before have come.
    await roundTrip(await connect(`${secure.url}?ssl_cert_reqs=none`));
    expect(loose).toEqual([]);
  });

  test('is missed where a server speaks it and the URL does not', async () => {
    const plain = create(secure.url.replace('rediss', 'redis'), { connectTimeout: 2 });
    expect(await rejection(plain.connect())).toMatchObject({ code: 'ERR_POOL_CONNECTION' });
  });
});

describe('users', () => {
  const rules = '~* &* +@read +@write +@scripting +@transaction +@pubsub +@connection';

  test('log in with name and password, and need no more than the documented rights', async () => {
    await redis.command('ACL', 'SETUSER', 'alice', 'reset', 'on', `>${SECRET}`, ...rules.split(' '));
    const globalKeyPrefix = `${randomUUID()}:`;
    const transport = await connect(redis.urlFor('alice', SECRET), { globalKeyPrefix });
    await transport.declareExchange({ name: 'all', type: 'fanout' });
    await transport.declareQueue({ name: 'ears' });
    await transport.bindQueue({ exchange: 'all', queue: 'ears', routingKey: '' });
    await roundTrip(transport);
    expect(transport.url.toString()).toContain('alice:**@');
  });

  test.each([
    ['-hset', /may not run HSET/],
    ['-rpop', /may not run RPOP/],
    ['-zadd -zscore', /may not run ZADD, ZSCORE/],
    ['-evalsha -eval', /'eval'/],
    ['-psubscribe', undefined],
  ])('who lack %s are told so when they connect', async (lacking, expected) => {
    await redis.command(
      'ACL',
      'SETUSER',
      'bob',
      'reset',
      'on',
      '>p',
      ...rules.split(' '),
      ...lacking.split(' '),
    );
    const transport = create(redis.urlFor('bob', 'p'));
    if (expected === undefined) {
      await transport.connect();
      await transport.declareExchange({ name: 'all', type: 'fanout' });
      await transport.declareQueue({ name: 'ears' });
      await transport.bindQueue({ exchange: 'all', queue: 'ears', routingKey: '' });
      const refused = await rejection(gather(transport, 'ears'));
      expect(refused.message).toContain("'psubscribe'");
      return;
    }
    expect((await rejection(transport.connect())).message).toMatch(expected);
  });

  test('whose keys are others are told which are needed', async () => {
    await redis.command('ACL', 'SETUSER', 'carol', 'reset', 'on', '>p', '&*', '+@all', '~celery*');
    const { message } = await rejection(create(redis.urlFor('carol', 'p')).connect());
    expect(message).toMatch(/keys.*unacked\*, unacked_index\*/);
    await roundTrip(await connect(redis.urlFor('carol', 'p'), { globalKeyPrefix: 'celery:' }));
  });
});

test('a database that is not there, or not for this user, is an error, not database 0', async () => {
  const at = (url: string, db: string) => url.replace(/\/0$/, `/${db}`);
  expect(await rejection(create(at(redis.url, '99')).connect())).toMatchObject({
    code: 'ERR_POOL_BROKER_REFUSED',
    message: expect.stringContaining('DB index is out of range'),
  });
  await redis.command('ACL', 'SETUSER', 'dora', 'reset', 'on', '>p', '~*', '&*', '+@all', '-select');
  expect(await rejection(create(at(redis.urlFor('dora', 'p'), '2')).connect())).toMatchObject({
    code: 'ERR_POOL_BROKER_REFUSED',
    message: expect.stringContaining("'select'"),
  });
  const transport = await connect(at(redis.url, '/2'));
  await transport.publish(message('second'), { routingKey: 'there' });
  expect(await redis.command('-n', '2', 'LLEN', 'there')).toBe('1');
  await transport.purgeQueue('there');
});

test('a Unix socket is as good as a port', async () => {
  const transport = await connect(`redis+socket://${redis.socketPath}?virtual_host=3`);
  await send(transport, 'in-db-3', ['x']);
  expect(await redis.command('-n', '3', 'LLEN', 'in-db-3')).toBe('1');
});

describe('a password', () => {
  const printed: string[] = [];

  beforeEach(() => {
    for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const) {
      vi.spyOn(console, name).mockImplementation((...words) => void printed.push(words.map(seen).join(' ')));
    }
  });
  afterEach(() => vi.restoreAllMocks());

  test('is seen in no error, no event and no look at a transport', async () => {
    const locked = await startRedis({ password: SECRET });
    onTestFinished(() => locked.stop());
    const encoded = encodeURIComponent(SECRET);
    const looks: unknown[] = [];
    const wrong = 'wrong&secret';
    for (const url of [
      locked.urlFor(undefined, wrong),
      locked.urlFor('nobody', wrong),
      `redis+socket://:${encodeURIComponent(wrong)}@${locked.socketPath}`,
      `sentinel://:${encodeURIComponent(wrong)}@127.0.0.1:1;sentinel://:${encodeURIComponent(wrong)}@127.0.0.1:2`,
      `redis://:${encodeURIComponent(wrong)}@127.0.0.1:1`,
    ]) {
      const transport = create(url);
      looks.push(await rejection(transport.connect()), transport, JSON.stringify(transport.urls));
    }
    const transport = await connect(locked.url, { healthCheckInterval: 0.3 });
    looks.push(transport, transport.url);
    for (const event of ['disconnected', 'reconnecting'] as const) {
      transport.on(event, (...told: unknown[]) => looks.push(told));
    }
    const retried = new Promise((resolve) => transport.once('reconnecting', resolve));
    await locked.kill();
    await retried;
    looks.push(transport);
    const all = [...looks.map(seen), ...printed].join('\n');
    expect(all).toContain('WRONGPASS');
    for (const secret of [SECRET, encoded, wrong, encodeURIComponent(wrong)])
      expect(all).not.toContain(secret);
  });
});

/** Sends one message before something happens to the master, and one when another took over; returns what was consumed. */
async function goOnAfter(
  strike: () => unknown,
  transport: Transport,
  group: RedisSentinelGroup,
): Promise<readonly string[]> {
  const { count, texts } = await gather(transport, 'q');
  await send(transport, 'q', ['before']);
  await count(1);
  await transport.flush();
  await group.master.command('WAIT', '1', '0');
  const back = next(transport, 'connected');
  await strike();
  await back;
  await send(transport, 'q', ['after']);
  await count(2);
  return texts;
}

describe('Sentinel', () => {
  test('consuming goes on with the replica when the master is killed', async () => {
    const group = await startRedisSentinel({ downAfter: 0.5 });
    onTestFinished(() => group.stop());
    const transport = await connect(group.url, { masterName: group.masterName });
    const { count, deliveries } = await gather(transport, 'q', { prefetch: 1, each: () => {} });
    await send(transport, 'q', ['running', 'waiting']);
    await count(1);
    await group.master.command('WAIT', '1', '0');
    const back = next(transport, 'connected');
    await group.master.kill();
    await back;
    deliveries[0]?.ack();
    await count(2);
    deliveries[1]?.ack();
    await transport.flush();
    await send(transport, 'q', ['new']);
    await count(3);
    expect(transport.stats).toMatchObject({ acked: 2, stale: 0, reconnects: 1 });
  });

  test('a master that is only paused is left as soon as another took over', async () => {
    const group = await startRedisSentinel({ downAfter: 0.5 });
    onTestFinished(() => group.stop());
    const transport = await connect(group.url, { masterName: group.masterName, healthCheckInterval: 3600 });
    const texts = await goOnAfter(() => group.master.pause(), transport, group);
    expect(texts).toEqual(['before', 'after']);
    expect(transport.stats).toMatchObject({ reconnects: 1 });
    group.master.resume();
  });

  test('with TLS, a user of the servers and a password of the sentinels, all the same', async () => {
    const rules = '~* &* +@read +@write +@scripting +@transaction +@pubsub +@connection';
    const users = [{ name: 'alice', password: SECRET, rules }];
    const group = await startRedisSentinel({ downAfter: 0.5, tls: true, users, sentinelPassword: 'guarded' });
    onTestFinished(() => group.stop());
    const url = group.url.replaceAll('//', `//alice:${encodeURIComponent(SECRET)}@`);
    const tls = { ca: readFileSync(group.master.tls?.ca ?? '') };
    const client = { sentinelTLS: tls, sentinelPassword: 'guarded' };
    const transport = await connect(url, { tls, client });
    await goOnAfter(() => group.master.kill(), transport, group);
    await transport.flush();
    const locked = await rejection(create(url, { tls, client: { sentinelTLS: tls } }).connect());
    expect(locked.message).toMatch(/NOAUTH/);
    const untrusted = await rejection(create(url, { client }).connect());
    expect(untrusted).toMatchObject({ code: 'ERR_POOL_CONNECTION' });
  });
});
