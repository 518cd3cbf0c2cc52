import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { ResultStore } from '@pool/results';
import createResultStore, { type RedisResultStoreOptions } from '@pool/results-redis';
import {
  type RedisSentinelGroup,
  type RedisServer,
  startRedis,
  startRedisCluster,
  startRedisSentinel,
} from '@pool/servers';
import { requireServer } from '@pool/servers/vitest';
import { rejection, until } from '@pool/servers/waiting';
import { describe, expect, onTestFinished, test } from 'vitest';

const redis = await requireServer('redis');
const SECRET = 'pass/w:rd@5%';

function open(url: string, options: RedisResultStoreOptions = {}): ResultStore {
  const store = createResultStore(url, { closeTimeout: 0.5, ...options });
  onTestFinished(() => store.close());
  return store;
}

async function ownServer(options: Parameters<typeof startRedis>[0] = {}): Promise<RedisServer> {
  const server = await startRedis(options);
  onTestFinished(() => server.stop());
  return server;
}

const save = (store: ResultStore, taskId: string, result: unknown, status = 'SUCCESS') =>
  store.storeResult({ taskId, status, result });

/** Stores one result with the master and one, once that is killed, with the replica that takes over. */
async function expectBothAfterFailover(store: ResultStore, group: RedisSentinelGroup): Promise<void> {
  const found = store.waitFor(['a', 'b'], { timeout: 60 });
  await save(store, 'a', 1);
  await group.master.command('WAIT', '1', '0');
  await group.master.kill();
  await save(store, 'b', 2);
  expect((await found).map(({ result }) => result)).toEqual([1, 2]);
}

async function calls(server: RedisServer): Promise<Record<string, number>> {
  const stats = await server.command('INFO', 'commandstats');
  return Object.fromEntries(
    Array.from(stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g), ([, name, count]) => [name, Number(count)]),
  );
}

describe("Celery's layout", () => {
  test('key, fields, expiry and channel are those that Celery reads', async () => {
    const prefix = randomUUID();
    const store = open(redis.url, { globalKeyPrefix: prefix, expires: 100 });
    const id = randomUUID();
    await save(store, id, { a: 1 });
    const key = `${prefix}_celery-task-meta-${id}`;
    const document = JSON.parse(await redis.command('GET', key));
    expect(document).toMatchObject({
      status: 'SUCCESS',
      result: { a: 1 },
      traceback: null,
      children: [],
      task_id: id,
    });
    expect(document).toHaveProperty('date_done');
    const left = Number(await redis.command('TTL', key));
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(100);
    const other = open(redis.url, { globalKeyPrefix: prefix, expires: null });
    await save(other, 'for-ever', 1);
    expect(await redis.command('TTL', `${prefix}_celery-task-meta-for-ever`)).toBe('-1');
  });

  test('documents of one batch are each what they were, however long, and go when they are to', async () => {
    const server = await ownServer();
    const store = open(server.url, { closeTimeout: 5 });
    const results = [
      '',
      'grüße, 世界',
      'x'.repeat(20_000),
      null,
      { a: [1, '\u0000'] },
      'y'.repeat(9 * 2 ** 20),
    ];
    const ids = results.map((_, i) => `id-${i}`);
    await Promise.all([
      ...results.map((result, i) =>
        store.storeResult({ taskId: `id-${i}`, status: 'SUCCESS', result }, { expires: i * 100 }),
      ),
      store.storeResult(
        { taskId: 'last', status: 'SUCCESS', result: 'z'.repeat(9 * 2 ** 20) },
        { expires: null },
      ),
    ]);
    expect((await store.getMany(ids)).map((document) => document?.result)).toEqual(results);
    expect((await store.get('last'))?.result).toHaveLength(9 * 2 ** 20);
    const ttl = async (id: string) => Number(await server.command('TTL', `celery-task-meta-${id}`));
    expect(await Promise.all(['id-0', 'last'].map(ttl))).toEqual([-1, -1]);
    expect(await ttl('id-3')).toBeGreaterThan(200);
    expect(await ttl('id-3')).toBeLessThanOrEqual(300);
  });

  test('a success stays, whoever writes after it', async () => {
    const prefix = `${randomUUID()}:`;
    const store = open(redis.url, { globalKeyPrefix: prefix });
    await redis.command(
      'SET',
      `${prefix}celery-task-meta-py`,
      '{"status": "SUCCESS", "result": 7, "task_id": "py"}',
    );
    await save(store, 'py', 'late', 'FAILURE');
    expect(await store.get('py')).toMatchObject({ status: 'SUCCESS', result: 7 });
    await save(store, 'text', 'a "SUCCESS" in the text', 'PROGRESS');
    await save(store, 'text', 1);
    expect(await store.get('text')).toMatchObject({ status: 'SUCCESS', result: 1 });
  });
});

describe('waiting', () => {
  test('is woken by what anybody publishes, and asks nothing meanwhile', async () => {
    const server = await ownServer();
    const store = open(server.url, { pollInterval: 3600 });
    const found = store.waitFor(['x'], { timeout: 60 });
    await until(async () => (await calls(server))['subscribe'] === 1);
    // It looks once more then; after two round trips on its connection it has.
    await store.get('y');
    await store.get('y');
    await server.command('CONFIG', 'RESETSTAT');
    await sleep(500);
    const { info, config, ...others } = await calls(server);
    void info;
    void config;
    expect(Object.keys(others).filter((name) => !/^(command|config|info|client|hello)/.test(name))).toEqual(
      [],
    );
    // As Celery writes it.
    const document = '{"status": "SUCCESS", "result": 5, "traceback": null, "children": [], "task_id": "x"}';
    await server.command('SETEX', 'celery-task-meta-x', '100', document);
    await server.command('PUBLISH', 'celery-task-meta-x', document);
    expect(await found).toMatchObject([{ status: 'SUCCESS', result: 5 }]);
  });

  test('asks once for what was sent just now, and hears of what was stored before it listened', async () => {
    const server = await ownServer();
    const store = open(server.url, { pollInterval: 3600 });
    await store.connect();
    await server.command('CONFIG', 'RESETSTAT');
    const found = store.waitFor(['x'], { timeout: 60, fresh: true });
    await until(async () => ((await calls(server))['mget'] ?? 0) > 0);
    await save(store, 'x', 5);
    expect(await found).toMatchObject([{ result: 5 }]);
    expect(await calls(server)).toMatchObject({ subscribe: 1, mget: 1 });
    await server.command('SET', 'celery-task-meta-y', '{"status": "SUCCESS", "result": 6, "task_id": "y"}');
    expect(await store.waitFor(['y'], { timeout: 60, fresh: true })).toMatchObject([{ result: 6 }]);
  });

  test('who sends and waits again and again subscribes once for many, and over a lost connection too', async () => {
    const server = await ownServer();
    const [store, worker] = [open(server.url, { pollInterval: 3600 }), open(server.url)];
    await Promise.all([store.connect(), worker.connect()]);
    await server.command('CONFIG', 'RESETSTAT');
    const sendAndWait = async (i: number): Promise<void> => {
      const id = store.reserveId?.() ?? randomUUID();
      const found = store.waitFor([id], { timeout: 60, fresh: true });
      await save(worker, id, i);
      expect(await found).toMatchObject([{ result: i }]);
    };
    for (let i = 0; i < 200; i++) await sendAndWait(i);
    expect((await calls(server))['subscribe']).toBeLessThan(50);
    let id = '';
    await until(async () => {
      id = store.reserveId?.() ?? '';
      return id !== '';
    });
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await save(worker, id, 'told to nobody');
    expect(await store.waitFor([id], { timeout: 60 })).toMatchObject([{ result: 'told to nobody' }]);
    for (let i = 0; i < 20; i++) await sendAndWait(i);
  });

  test('results of one turn are one command, and so are reads', async () => {
    const server = await ownServer();
    const store = open(server.url);
    await store.connect();
    await server.command('CONFIG', 'RESETSTAT');
    const ids = Array.from({ length: 300 }, (_, i) => `t${i}`);
    await Promise.all(ids.map((id) => save(store, id, 1)));
    await Promise.all(ids.map((id) => store.get(id)));
    const counted = await calls(server);
    expect((counted['eval'] ?? 0) + (counted['evalsha'] ?? 0)).toBe(1);
    expect(counted['setex']).toBe(300);
    expect(counted['mget']).toBe(1);
  });
});

describe('an outage', () => {
  test.each(['killed', 'paused'] as const)(
    'of a server that is %s delays results and ends no wait',
    async (how) => {
      const server = await ownServer({ persistent: true });
      const store = open(server.url, { pollInterval: 3600, socketTimeout: 0.5 });
      const found = store.waitFor(['a', 'b'], { timeout: 60 });
      await save(store, 'a', 1);
      if (how === 'killed') await server.kill();
      else await server.pause();
      const saved = save(store, 'b', 2);
      const late = open(server.url);
      const hopeless = store.waitFor(['never'], { timeout: 0.2 });
      expect(await rejection(hopeless)).toMatchObject({ code: 'ERR_POOL_RESULT_TIMEOUT' });
      if (how === 'killed') {
        expect((await rejection(late.connect())).message).toMatch(/cannot connect .* ECONNREFUSED/);
        await server.restart();
      } else {
        await sleep(700);
        server.resume();
      }
      await saved;
      expect((await found).map(({ result }) => result)).toEqual([1, 2]);
    },
  );

  test('what others store while the connection is away is found when it is back', async () => {
    const server = await ownServer();
    const store = open(server.url, { pollInterval: 3600 });
    const found = store.waitFor(['x'], { timeout: 60 });
    await until(async () => ((await calls(server))['mget'] ?? 0) > 0);
    // Stored and not published: as good as published while nobody listened.
    await server.command('SET', 'celery-task-meta-x', '{"status": "SUCCESS", "result": 5, "task_id": "x"}');
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    expect(await found).toMatchObject([{ result: 5 }]);
  });

  test('of memory is waited for', async () => {
    const server = await ownServer();
    const store = open(server.url);
    await store.connect();
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    let stored = false;
    const saved = save(store, 'x', 1).then(() => {
      stored = true;
    });
    await until(async () => /errorstat_OOM/.test(await server.command('INFO', 'errorstats')));
    expect(stored).toBe(false);
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    await saved;
    expect(await store.get('x')).toMatchObject({ result: 1 });
  });

  test('does not keep a store from closing, and whoever stored is told', async () => {
    const server = await ownServer();
    const store = open(server.url);
    await store.connect();
    await server.kill();
    const saved = rejection(save(store, 'x', 1));
    await store.close();
    expect(await saved).toMatchObject({ code: 'ERR_POOL_RESULT_STORE_CLOSED' });
  });
});

describe('a store that is away from the beginning', () => {
  const single = async () => {
    const server = await ownServer();
    return { servers: [server], url: server.url, options: {} };
  };
  const sentinel = async () => {
    const group = await startRedisSentinel({ replicas: 1, sentinels: 1 });
    onTestFinished(() => group.stop());
    return { servers: [group.master, ...group.replicas, ...group.sentinels], url: group.url, options: {} };
  };
  const cluster = async () => {
    const group = await startRedisCluster();
    onTestFinished(() => group.stop());
    return {
      servers: group.nodes,
      url: group.urls.join(';'),
      options: { cluster: true, globalKeyPrefix: '{celery}' },
    };
  };

  test.each([
    ['a server', single],
    ['a server under Sentinel', sentinel],
    ['a cluster', cluster],
  ])('is waited for by who wants to, and told of once: %s', async (_name, start) => {
    const { servers, url, options } = await start();
    await Promise.all(servers.map((server) => server.kill()));
    const store = open(url, options);
    expect(await rejection(store.connect())).toMatchObject({ code: 'ERR_POOL_RESULT_STORE_AWAY' });
    const told: Error[] = [];
    let connected: Promise<void> | undefined;
    await new Promise<void>((resolve) => {
      const onAway = (error: Error): void => {
        told.push(error);
        resolve();
      };
      connected = store.connect({ onAway });
    });
    const saved = save(store, 'x', 1);
    const found = store.waitFor(['x'], { timeout: 60 });
    await Promise.all(servers.map((server) => server.restart()));
    await Promise.all([connected, saved]);
    expect(await found).toMatchObject([{ result: 1 }]);
    expect(told).toMatchObject([{ code: 'ERR_POOL_RESULT_STORE_AWAY' }]);
  });

  test('is waited for until it is closed, whether it refuses connections or says nothing', async () => {
    const server = await ownServer();
    await server.pause();
    const silent = open(server.url);
    const dead = open('redis://127.0.0.1:1');
    const ends = [silent, dead].flatMap((store) => {
      const ended = [rejection(store.connect({ onAway: () => {} })), rejection(save(store, 'x', 1))];
      return [...ended, store.close()];
    });
    for (const error of await Promise.all(ends))
      if (error !== undefined) expect(error).toMatchObject({ code: 'ERR_POOL_RESULT_STORE_CLOSED' });
    server.resume();
  });

  test('is not waited for where it is there and says no', async () => {
    const locked = await ownServer({ password: SECRET });
    const error = await rejection(
      open(locked.urlFor(undefined, 'wrong')).connect({ onAway: () => expect.unreachable() }),
    );
    expect(error).toMatchObject({
      code: 'ERR_POOL_RESULT_STORE',
      message: expect.stringMatching(/WRONGPASS/),
    });
  });
});

describe('connections', async () => {
  const secure = await requireServer('redis', { tls: true });

  test('speak TLS to a server whose issuer is trusted, and to no other', async () => {
    const { ca = '' } = secure.tls ?? {};
    for (const store of [
      open(secure.url, { tls: { ca: readFileSync(ca) } }),
      open(`${secure.url}?ssl_cert_reqs=CERT_REQUIRED&ssl_ca_certs=${ca}`),
      open(`${secure.url}?ssl_cert_reqs=none`),
    ]) {
      await save(store, 'x', 1);
      expect(await store.waitFor(['x'])).toMatchObject([{ result: 1 }]);
    }
    const { message } = await rejection(open(secure.url).connect());
    expect(message).toMatch(/self-signed certificate; trust the issuer/);
  });

  test('log in as a user, who is told which command it may not run', async () => {
    await redis.command(
      'ACL',
      'SETUSER',
      'alice',
      'reset',
      'on',
      `>${SECRET}`,
      '~*',
      '&*',
      '+@all',
      '-setex',
      '-zadd',
    );
    const { message } = await rejection(open(redis.urlFor('alice', SECRET)).connect());
    expect(message).toMatch(/may not run SETEX, ZADD/);
    const rights = '+@read +@write +@scripting +@pubsub +@connection'.split(' ');
    await redis.command('ACL', 'SETUSER', 'alice', 'reset', 'on', `>${SECRET}`, '~*', '&*', ...rights);
    const store = open(redis.urlFor('alice', SECRET));
    await save(store, 'alices', 1);
    expect(await store.waitFor(['alices'])).toMatchObject([{ result: 1 }]);
  });

  test('do not stay when the store refuses', async () => {
    const rights = '+@read +@write +@scripting +@pubsub +@connection'.split(' ');
    await redis.command('ACL', 'SETUSER', 'erin', 'reset', 'on', '>p', '~mine:*', '&*', ...rights);
    const { message } = await rejection(open(redis.urlFor('erin', 'p')).connect());
    expect(message).toMatch(/permissions to access one of the keys/);
    await until(async () => !(await redis.command('CLIENT', 'LIST')).includes('user=erin'));
  });

  test('go to the database of the URL or nowhere', async () => {
    const { message } = await rejection(open(`${redis.url.replace(/\/0$/, '')}/99`).connect());
    expect(message).toContain('DB index is out of range');
    await save(open(`${redis.url.replace(/\/0$/, '')}/3`), 'third', 1);
    expect(await redis.command('-n', '3', 'EXISTS', 'celery-task-meta-third')).toBe('1');
  });

  test('go through a Unix socket', async () => {
    await save(open(`redis+socket://${redis.socketPath}?virtual_host=2`), 'sock', 1);
    expect(await redis.command('-n', '2', 'EXISTS', 'celery-task-meta-sock')).toBe('1');
  });

  test('show no password', async () => {
    const locked = await ownServer({ password: SECRET });
    const wrong = 'wrong&secret';
    const seen: string[] = [];
    const encoded = encodeURIComponent(wrong);
    for (const url of [
      locked.urlFor(undefined, wrong),
      locked.urlFor('nobody', wrong),
      `redis+socket://:${encoded}@${locked.socketPath}`,
      `sentinel://:${encoded}@127.0.0.1:1;sentinel://:${encoded}@127.0.0.1:2`,
    ]) {
      const store = open(url);
      seen.push(inspect([await rejection(store.connect()), store], { depth: 12, showHidden: true }));
    }
    for (const url of [`redis://:${wrong}#@%@host`, `sentinel://a;sentinel://:${wrong}@[b`]) {
      expect(() => createResultStore(url)).toThrow(/does not parse/);
      try {
        createResultStore(url);
      } catch (error) {
        seen.push(inspect(error, { depth: 12, showHidden: true }));
      }
    }
    const all = seen.join('\n');
    expect(all).toContain('WRONGPASS');
    for (const secret of [SECRET, wrong, encoded]) expect(all).not.toContain(secret);
  });

  test('go to the replica that takes over under Sentinel', async () => {
    const group = await startRedisSentinel({ downAfter: 0.5 });
    onTestFinished(() => group.stop());
    const store = open(group.url, { masterName: group.masterName, pollInterval: 3600 });
    await expectBothAfterFailover(store, group);
  });

  test('go to the nodes of a cluster', async () => {
    const cluster = await startRedisCluster();
    onTestFinished(() => cluster.stop());
    expect(() => createResultStore(cluster.urls.join(';'), { cluster: true })).toThrow(/hash tag/);
    const store = open(cluster.urls.join(';'), {
      cluster: true,
      globalKeyPrefix: '{celery}',
      pollInterval: 3600,
    });
    const found = store.waitFor(['a', 'b'], { timeout: 60 });
    await Promise.all([save(store, 'a', 1), save(store, 'b', 2)]);
    expect((await found).map(({ result }) => result)).toEqual([1, 2]);
    await store.setChordSize('g', 1);
    const part = { taskId: 'a', index: 0, state: 'SUCCESS', encodedResult: Buffer.from('1') };
    expect(await store.addChordPart('g', part)).toMatchObject({ count: 1, complete: true });
  });

  const rights = '+@read +@write +@scripting +@pubsub +@connection';
  const users = (more = ''): { name: string; password: string; rules: string }[] => [
    { name: 'alice', password: SECRET, rules: `~* &* ${rights}${more}` },
  ];

  test('speak TLS to sentinels and servers, with a user of these and a password of those', async () => {
    const group = await startRedisSentinel({ tls: true, users: users(), sentinelPassword: 'guarded' });
    onTestFinished(() => group.stop());
    const tls = { ca: readFileSync(group.master.tls?.ca ?? '') };
    const url = group.url.replaceAll('//', `//alice:${encodeURIComponent(SECRET)}@`);
    const client = { sentinelTLS: tls, sentinelPassword: 'guarded' };
    const store = open(url, { tls, client, pollInterval: 3600 });
    await expectBothAfterFailover(store, group);
    const locked = await rejection(open(url, { tls, client: { sentinelTLS: tls } }).connect());
    expect(locked.message).toMatch(/NOAUTH/);
    expect(await rejection(open(url, { client }).connect())).toMatchObject({
      message: expect.stringMatching(/cannot connect/),
    });
  });

  test('speak TLS to a cluster, as a user who may ask where the keys are', async () => {
    const cluster = await startRedisCluster({
      tls: true,
      users: [
        ...users(' +cluster|slots +cluster|info +info'),
        { name: 'bob', password: SECRET, rules: `~* ${rights}` },
      ],
    });
    onTestFinished(() => cluster.stop());
    const urls = (user: string) => cluster.nodes.map((node) => node.urlFor(user, SECRET)).join(';');
    const tls = { ca: readFileSync(cluster.nodes[0]?.tls?.ca ?? '') };
    const options = { cluster: true, globalKeyPrefix: '{celery}', tls, pollInterval: 3600 };
    const store = open(urls('alice'), options);
    const found = store.waitFor(['a', 'b'], { timeout: 60 });
    await Promise.all([save(store, 'a', 1), save(store, 'b', 2)]);
    expect((await found).map(({ result }) => result)).toEqual([1, 2]);
    const refused = await rejection(open(urls('bob'), options).connect());
    expect(refused).toMatchObject({
      code: 'ERR_POOL_RESULT_STORE',
      message: expect.stringMatching(/NOPERM/),
    });
    const untrusted = await rejection(open(urls('alice'), { ...options, tls: {} }).connect());
    expect(untrusted.message).toMatch(/self-signed certificate; trust the issuer/);
  });
});
