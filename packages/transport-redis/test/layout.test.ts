import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { requireServer } from '@pool/servers/vitest';
import { until } from '@pool/servers/waiting';
import { describe, expect, test } from 'vitest';
import { connect, create, gather, message, send } from './support/scene.js';

const redis = await requireServer('redis');

/** As kombu 5.2 wrote it for Celery 5.2. */
const KOMBU =
  '{"body": "W1syLCAzXSwge30sIHsiY2FsbGJhY2tzIjogbnVsbCwgImVycmJhY2tzIjogbnVsbCwgImNoYWluIjogbnVsbCwgImNob3JkIjogbnVsbH1d", ' +
  '"content-encoding": "utf-8", "content-type": "application/json", "headers": {"lang": "py", "task": "demo.add", ' +
  '"id": "d86aedc6-dc62-4977-ae22-8f20c0563b24", "shadow": null, "eta": null, "expires": null, "group": null, ' +
  '"group_index": null, "retries": 0, "timelimit": [null, null], "root_id": "d86aedc6-dc62-4977-ae22-8f20c0563b24", ' +
  '"parent_id": null, "argsrepr": "(2, 3)", "kwargsrepr": "{}", "origin": "gen6489@vm", "ignore_result": false, ' +
  '"serial": 1234567890123456789}, "properties": {"correlation_id": "d86aedc6-dc62-4977-ae22-8f20c0563b24", ' +
  '"reply_to": "b312a532-ffba-3465-8982-b74ff6b9236d", "delivery_mode": 2, "delivery_info": {"exchange": "", ' +
  '"routing_key": "celery"}, "priority": 0, "body_encoding": "base64", ' +
  '"delivery_tag": "81756b8f-d6a9-4049-a866-0bf67939a5cd"}}';
const TAG = '81756b8f-d6a9-4049-a866-0bf67939a5cd';

const lines = async (...words: string[]) => (await redis.command(...words)).split('\n');
const STEP = '\x06\x16';

describe("kombu's layout", () => {
  test('a message that kombu pushed is taken, recorded as kombu records it, and forgotten when acked', async () => {
    const prefix = `${randomUUID()}:`;
    const transport = await connect(redis.url, { globalKeyPrefix: prefix });
    await redis.command('LPUSH', `${prefix}celery`, KOMBU);
    const { count, deliveries } = await gather(transport, 'celery', { each: () => {} });
    await count(1);
    const [delivery] = deliveries;
    expect(delivery?.message).toMatchObject({
      contentType: 'application/json',
      headers: { task: 'demo.add', timelimit: [null, null] },
      properties: { correlationId: 'd86aedc6-dc62-4977-ae22-8f20c0563b24', deliveryMode: 2, priority: 0 },
    });
    expect(JSON.parse(Buffer.from(delivery?.message.body ?? []).toString())[0]).toEqual([2, 3]);
    // The envelope byte for byte, then exchange and routing key.
    expect(await redis.command('HGET', `${prefix}unacked`, TAG)).toBe(`[${KOMBU}, "", "celery"]`);
    const [, score] = await lines('ZRANGE', `${prefix}unacked_index`, '0', '-1', 'WITHSCORES');
    expect(Math.abs(Number(score) - Date.now() / 1000)).toBeLessThan(60);
    delivery?.ack();
    await transport.flush();
    expect(await redis.command('EXISTS', `${prefix}unacked`, `${prefix}unacked_index`)).toBe('0');
  });

  test('JSON that is no envelope is set aside whole', async () => {
    const prefix = `${randomUUID()}:`;
    const transport = await connect(redis.url, { globalKeyPrefix: prefix });
    const stranger = '{"task":"demo.add","args":[1,2]}';
    await redis.command('LPUSH', `${prefix}celery`, stranger);
    const told = once(transport, 'setAside');
    await gather(transport, 'celery', { each: () => {} });
    await told;
    const kept = JSON.parse(await redis.command('LINDEX', `${prefix}celery.rejected`, '0'));
    expect(Buffer.from(kept.body, 'base64').toString()).toBe(stranger);
    expect(kept.headers['x-rejected-reason']).toContain('Not an envelope');
  });

  test('what we push has the fields of what kombu pushes, all of them and no other', async () => {
    const prefix = `${randomUUID()}:`;
    const transport = await connect(redis.url, { globalKeyPrefix: prefix });
    const theirs = JSON.parse(KOMBU);
    await transport.publish(
      message('[[2,3],{},{}]', {
        headers: theirs.headers,
        properties: { correlationId: 'c', replyTo: 'r', deliveryMode: 2 },
      }),
      { routingKey: 'celery' },
    );
    const ours = JSON.parse(await redis.command('RPOP', `${prefix}celery`));
    expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort());
    expect(Object.keys(ours.properties).sort()).toEqual(Object.keys(theirs.properties).sort());
    expect(ours).toMatchObject({
      body: Buffer.from('[[2,3],{},{}]').toString('base64'),
      'content-encoding': 'utf-8',
      'content-type': 'application/json',
      properties: {
        correlation_id: 'c',
        reply_to: 'r',
        delivery_mode: 2,
        priority: 0,
        body_encoding: 'base64',
        delivery_info: { exchange: '', routing_key: 'celery' },
      },
    });
    expect(ours.properties.delivery_tag).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  test('keys, priority steps, bindings and channels have the names that kombu gives them', async () => {
    const prefix = `${randomUUID()}:`;
    const transport = await connect(redis.url, { globalKeyPrefix: prefix });
    await transport.declareExchange({ name: 'news', type: 'direct' });
    await transport.declareQueue({ name: 'tasks' });
    await transport.bindQueue({ exchange: 'news', queue: 'tasks', routingKey: 'sport' });
    expect(await redis.command('SMEMBERS', `${prefix}_kombu.binding.news`)).toBe(
      ['sport', '', 'tasks'].join(STEP),
    );
    for (let priority = 0; priority <= 9; priority++) await send(transport, 'tasks', ['x'], { priority });
    const counts = await Promise.all(
      ['', '3', '6', '9'].map((step) =>
        redis.command('LLEN', `${prefix}tasks${step === '' ? '' : STEP + step}`),
      ),
    );
    expect(counts).toEqual(['3', '3', '3', '1']);
    await transport.declareExchange({ name: 'all', type: 'fanout' });
    await transport.declareQueue({ name: 'mine' });
    await transport.bindQueue({ exchange: 'all', queue: 'mine', routingKey: '' });
    await transport.bindQueue({ exchange: 'all', queue: 'mine', routingKey: 'worker.#' });
    const { count, texts } = await gather(transport, 'mine');
    await until(
      async () =>
        (await lines('INFO', 'clients')).length > 0 && (await redis.command('PUBSUB', 'NUMPAT')) !== '0',
      'the patterns are subscribed',
    );
    const heard = await redis.command('PUBLISH', `${prefix}/0.all/worker.online`, KOMBU);
    expect(Number(heard)).toBeGreaterThan(0);
    await count(1);
    expect(JSON.parse(texts[0] ?? '')[0]).toEqual([2, 3]);
    await redis.command('PUBLISH', `${prefix}/0.all`, KOMBU.replace(TAG, 'another'));
    await count(2);
  });

  test('other names of keys and other steps can be chosen', async () => {
    const prefix = `${randomUUID()}:`;
    const transport = await connect(redis.url, {
      globalKeyPrefix: prefix,
      prioritySteps: [0, 5],
      unackedKey: 'u',
      unackedIndexKey: 'i',
      unackedMutexKey: 'm',
      unackedRestoreInterval: 0.1,
    });
    await redis.command('SET', `${prefix}m`, 'held by a kombu worker');
    await send(transport, 'q', ['low'], { priority: 6 });
    expect(await redis.command('LLEN', `${prefix}q${STEP}5`)).toBe('1');
    const { count } = await gather(transport, 'q', { each: () => {} });
    await count(1);
    expect(await redis.command('HLEN', `${prefix}u`)).toBe('1');
    expect(await redis.command('ZCARD', `${prefix}i`)).toBe('1');
    expect(await redis.command('GET', `${prefix}m`)).toBe('held by a kombu worker');
  });

  test('topics are bound with the pattern that kombu makes of a key, and found by it', async () => {
    const prefix = `${randomUUID()}:`;
    const transport = await connect(redis.url, { globalKeyPrefix: prefix });
    await transport.declareExchange({ name: 'news', type: 'topic' });
    await transport.declareQueue({ name: 'tasks' });
    const set = `${prefix}_kombu.binding.news`;
    // An entry without a pattern means everything to kombu.
    await redis.command('SADD', set, ['*.a-b_c.#', '', 'tasks'].join(STEP));
    const binding = { exchange: 'news', queue: 'tasks', routingKey: '*.a-b_c.#' };
    await transport.bindQueue(binding);
    expect(await redis.command('SMEMBERS', set)).toBe(
      ['*.a-b_c.#', '^.*?[^\\.]\\.a\\-b\\_c\\..*?$', 'tasks'].join(STEP),
    );
    await transport.publish(message('found'), { exchange: 'news', routingKey: 'sport.a-b_c.x' });
    await transport.publish(message('not found'), { exchange: 'news', routingKey: 'sport.abc.x' });
    expect(await transport.queueSize('tasks')).toBe(1);
    await transport.unbindQueue(binding);
    expect(await redis.command('EXISTS', set)).toBe('0');
  });

  test('another separator of keys and bindings can be chosen, which no name may contain', async () => {
    const prefix = `${randomUUID()}:`;
    const transport = await connect(redis.url, { globalKeyPrefix: prefix, sep: ':' });
    await send(transport, 'tasks', ['low'], { priority: 9 });
    expect(await redis.command('LLEN', `${prefix}tasks:9`)).toBe('1');
    await transport.declareExchange({ name: 'news', type: 'topic' });
    await transport.declareQueue({ name: 'tasks' });
    await transport.bindQueue({ exchange: 'news', queue: 'tasks', routingKey: 'sport.#' });
    expect(await redis.command('SMEMBERS', `${prefix}_kombu.binding.news`)).toBe(
      'sport.#:^sport\\..*?$:tasks',
    );
    await transport.publish(message('high'), { exchange: 'news', routingKey: 'sport.chess' });
    const { count, texts } = await gather(transport, 'tasks');
    await count(2);
    expect(texts).toEqual(['high', 'low']);
    await expect(
      transport.bindQueue({ exchange: 'news', queue: 'tasks', routingKey: 'a:b' }),
    ).rejects.toThrow('"a:b" contains sep, ":"');
    expect(() => create(redis.url, { sep: '' })).toThrow('sep must be at least one character');
  });

  test('an option that is spelled as in Python is refused, with how it is spelled here', () => {
    const options = { visibility_timeout: 3600 } as object;
    expect(() => create(redis.url, options)).toThrow(
      'the Redis transport has no option "visibility_timeout": it is visibilityTimeout here',
    );
  });

  test('a message that is requeued goes where kombu puts it, marked where kombu marks it, numbers exact', async () => {
    const prefix = `${randomUUID()}:`;
    const transport = await connect(redis.url, { globalKeyPrefix: prefix });
    await redis.command('LPUSH', `${prefix}q`, KOMBU);
    const first = await gather(transport, 'q', { prefetch: 1, each: () => {} });
    await first.count(1);
    await send(transport, 'q', ['waits']);
    await first.consumer.cancel();
    first.deliveries[0]?.reject({ requeue: true });
    await transport.flush();
    const [tail = '', head = ''] = await lines('LRANGE', `${prefix}q`, '0', '-1');
    expect(Buffer.from(JSON.parse(head).body, 'base64').toString()).toBe('waits');
    const { headers, properties } = JSON.parse(tail);
    expect(headers.redelivered).toBe(true);
    expect(properties.delivery_info).toEqual({ exchange: '', routing_key: 'celery', redelivered: true });
    expect(tail).toContain('1234567890123456789');
  });

  test('copies of one message in several queues are held each for itself', async () => {
    const prefix = `${randomUUID()}:`;
    const transport = await connect(redis.url, { globalKeyPrefix: prefix });
    await transport.declareExchange({ name: 'e', type: 'direct' });
    for (const queue of ['a', 'b']) {
      await transport.declareQueue({ name: queue });
      await transport.bindQueue({ exchange: 'e', queue, routingKey: 'k' });
    }
    await transport.publish(message('both'), { exchange: 'e', routingKey: 'k' });
    const other = await connect(redis.url, { globalKeyPrefix: prefix });
    const first = await gather(transport, 'a', { each: () => {} });
    await first.count(1);
    const second = await gather(other, 'b', { each: () => {} });
    await second.count(1);
    expect(await redis.command('HLEN', `${prefix}unacked`)).toBe('2');
    first.deliveries[0]?.ack();
    await transport.flush();
    expect(await redis.command('HLEN', `${prefix}unacked`)).toBe('1');
    second.deliveries[0]?.ack();
    await other.flush();
    expect(second.deliveries[0]?.settled).toBe('acked');
    expect(other.stats.stale).toBe(0);
    // Both in one take, too.
    await first.consumer.cancel();
    await second.consumer.cancel();
    await transport.publish(message('again'), { exchange: 'e', routingKey: 'k' });
    const both = await gather(transport, ['a', 'b'], { each: () => {} });
    await both.count(2);
    expect(await redis.command('HLEN', `${prefix}unacked`)).toBe('2');
  });

  test('a key of the wrong type costs no message of another queue', async () => {
    const prefix = `${randomUUID()}:`;
    const transport = await connect(redis.url, { globalKeyPrefix: prefix });
    await send(transport, 'good', ['1', '2', '3']);
    const lost = new Promise<Error>((resolve) => transport.once('disconnected', resolve));
    await redis.command('SET', `${prefix}bad`, 'text');
    const { count, texts } = await gather(transport, ['good', 'bad'], { each: () => {} });
    await count(3);
    expect(texts).toEqual(['1', '2', '3']);
    expect(await redis.command('HLEN', `${prefix}unacked`)).toBe('3');
    expect((await lost).message).toContain('WRONGTYPE');
  });

  test('where the table of what is held is of the wrong type nothing leaves its queue', async () => {
    const prefix = `${randomUUID()}:`;
    const transport = await connect(redis.url, { globalKeyPrefix: prefix });
    await send(transport, 'q', ['1']);
    await redis.command('SET', `${prefix}unacked`, 'text');
    const lost = new Promise<Error>((resolve) => transport.once('disconnected', resolve));
    await gather(transport, 'q');
    expect((await lost).message).toContain('WRONGTYPE');
    expect(await redis.command('LLEN', `${prefix}q`)).toBe('1');
    await redis.command('DEL', `${prefix}unacked`);
    await until(async () => (await redis.command('LLEN', `${prefix}q`)) === '0', 'it is taken');
  });

  test('a push of a transaction that fails is told to whoever published', async () => {
    const prefix = `${randomUUID()}:`;
    const transport = await connect(redis.url, { globalKeyPrefix: prefix });
    await redis.command('SET', `${prefix}bad`, 'text');
    const outcomes = await Promise.allSettled([
      transport.publish(message('1'), { routingKey: 'bad' }),
      transport.publish(message('2'), { routingKey: 'good' }),
    ]);
    expect(outcomes[0]).toMatchObject({ status: 'rejected', reason: { code: 'ERR_POOL_PUBLISH' } });
    expect(String((outcomes[0] as PromiseRejectedResult).reason)).toContain('WRONGTYPE');
  });
});
