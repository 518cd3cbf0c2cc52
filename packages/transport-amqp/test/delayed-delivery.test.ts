import { requireSharedRabbitmq } from '@pool/servers/vitest';
import { next } from '@pool/servers/waiting';
import { DeclarationMismatchError, NotDeclaredError } from '@pool/transport';
import { connect } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { named, open, take, text, until } from './support/scene.js';

const rabbitmq = await requireSharedRabbitmq();

const LEVELS = Array.from({ length: 28 }, (_, n) => n);
const isLadder = (name: unknown): boolean => String(name).startsWith('celery_delayed_');

/** What `rabbitmqctl` lists, of the ladder alone. */
async function listed(
  vhost: string,
  what: string,
  columns: string[],
  key: string,
): Promise<Record<string, unknown>[]> {
  const json = await rabbitmq.ctl('--vhost', vhost, '--formatter', 'json', `list_${what}`, ...columns);
  return (JSON.parse(json) as Record<string, unknown>[]).filter((row) => isLadder(row[key]));
}

const byName = (a: Record<string, unknown>, b: Record<string, unknown>): number =>
  JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;

test('the ladder is the one that Celery declares, and a queue hangs on it by its whole name', async () => {
  const vhost = named('ladder');
  const transport = await open(await rabbitmq.addVhost(vhost));
  const queue = named('queue');
  await transport.declareQueue({ name: queue, queueType: 'quorum' });
  await transport.publish(text('later'), { routingKey: queue, delay: 3600 });

  const [exchanges, queues, bindings] = await Promise.all([
    listed(vhost, 'exchanges', ['name', 'type', 'durable', 'auto_delete', 'internal', 'arguments'], 'name'),
    listed(vhost, 'queues', ['name', 'durable', 'auto_delete', 'exclusive', 'arguments'], 'name'),
    listed(
      vhost,
      'bindings',
      ['source_name', 'destination_name', 'destination_kind', 'routing_key'],
      'source_name',
    ),
  ]);
  expect(exchanges.map(({ name }) => name).sort()).toEqual(
    [...LEVELS.map((n) => `celery_delayed_${n}`), 'celery_delayed_delivery'].sort(),
  );
  for (const exchange of exchanges) {
    expect(exchange).toMatchObject({ type: 'topic', durable: true, auto_delete: false, internal: false });
  }
  expect(queues).toHaveLength(28);
  for (const n of LEVELS) {
    const found = queues.find(({ name }) => name === `celery_delayed_${n}`);
    expect(found).toMatchObject({ durable: true, auto_delete: false });
    expect(Object.fromEntries(argumentsOf(found?.['arguments']))).toEqual({
      'x-queue-type': 'quorum',
      'x-overflow': 'reject-publish',
      'x-message-ttl': 1000 * 2 ** n,
      'x-dead-letter-exchange': n === 0 ? 'celery_delayed_delivery' : `celery_delayed_${n - 1}`,
      'x-dead-letter-strategy': 'at-least-once',
    });
  }
  // 3600 is 2048 and less; the message waits on the highest of its levels first. Counts come from statistics, which lag.
  await until(async () => {
    const counts = await listed(vhost, 'queues', ['name', 'messages'], 'name');
    const waiting = counts.filter(({ messages }) => messages !== 0);
    expect(waiting).toEqual([{ name: 'celery_delayed_11', messages: 1 }]);
  });
  const expected = LEVELS.flatMap((n) => {
    const source_name = `celery_delayed_${n}`;
    const stars = '*.'.repeat(27 - n);
    const lower = n === 0 ? 'celery_delayed_delivery' : `celery_delayed_${n - 1}`;
    return [
      { source_name, destination_name: source_name, destination_kind: 'queue', routing_key: `${stars}1.#` },
      { source_name, destination_name: lower, destination_kind: 'exchange', routing_key: `${stars}0.#` },
    ];
  });
  expected.push({
    source_name: 'celery_delayed_delivery',
    destination_name: queue,
    destination_kind: 'queue',
    routing_key: `${'*.'.repeat(28)}${queue}`,
  });
  expect(bindings.sort(byName)).toEqual(expected.sort(byName));
});

/** `rabbitmqctl` tells arguments as an object or as pairs, by its version. */
function argumentsOf(told: unknown): [string, unknown][] {
  if (!Array.isArray(told)) return Object.entries(told as object);
  return told.map((entry: [string, ...unknown[]]) => [entry[0], entry.at(-1)]);
}

test('a delayed message arrives once, not before its time, at the queue it was sent to and no other', async () => {
  const transport = await open(rabbitmq.url);
  const short = named('b');
  const long = `a.${short}`;
  for (const name of [short, long]) await transport.declareQueue({ name, queueType: 'quorum' });
  const arrived: { queue: string; body: string; at: number }[] = [];
  await take(transport, [short, long], {}, (delivery) => {
    const body = Buffer.from(delivery.message.body).toString();
    arrived.push({ queue: delivery.queue, body, at: performance.now() });
    delivery.ack();
  });
  const began = performance.now();
  await transport.publish(text('1 s'), { routingKey: long, delay: 1 });
  // On two steps of the ladder, and last at both queues: what came twice would have come by then.
  await transport.publish(text('3 s'), { routingKey: short, delay: 3 });
  await transport.publish(text('3 s'), { routingKey: long, delay: 3 });
  await until(() => expect(arrived.length).toBeGreaterThanOrEqual(3));
  await transport.flush();
  expect(arrived.map(({ queue, body }) => `${queue} ${body}`).sort()).toEqual(
    [`${long} 1 s`, `${long} 3 s`, `${short} 3 s`].sort(),
  );
  for (const { body, at } of arrived) {
    // The broker counts in whole milliseconds.
    expect(at - began).toBeGreaterThan(Number.parseInt(body, 10) * 1000 - 2);
  }
  for (const name of [short, long, 'celery_delayed_0', 'celery_delayed_1']) {
    await until(async () => expect((await transport.queueStatus(name)).messageCount).toBe(0));
  }
});

/** A delay of a second, as it leads a routing key. */
const ONE_SECOND = [...'1'.padStart(28, '0')].join('.');

/** Publishes past our transport. */
async function publishRaw(exchange: string, routingKey: string, body: string): Promise<void> {
  const connection = await connect(rabbitmq.url);
  onTestFinished(() => connection.close());
  const channel = await connection.createConfirmChannel();
  channel.publish(exchange, routingKey, Buffer.from(body));
  await channel.waitForConfirms();
}

test('what Celery publishes with a delay to a topic exchange reaches a quorum queue on it', async () => {
  const transport = await open(rabbitmq.url);
  const [exchange, queue] = [named('exchange'), named('queue')];
  await transport.declareExchange({ name: exchange, type: 'topic' });
  await transport.declareQueue({ name: queue, queueType: 'quorum' });
  await transport.bindQueue({ queue, exchange, routingKey: queue });
  const { texts } = await take(transport, queue, {}, (delivery) => delivery.ack());
  await transport.publish(text('at once'), { exchange, routingKey: queue });
  await until(() => expect(texts).toEqual(['at once']));
  await publishRaw('celery_delayed_27', `${ONE_SECOND}.${queue}`, 'from Celery');
  await until(() => expect(texts).toEqual(['at once', 'from Celery']));
});

test('a queue that was deleted and is made again still gets what waits for it', async () => {
  const [transport, other] = [await open(rabbitmq.url), await open(rabbitmq.url)];
  const queue = named('queue');
  await transport.declareQueue({ name: queue, queueType: 'quorum' });
  const { texts } = await take(transport, queue, {}, (delivery) => delivery.ack());
  await transport.publish(text('waits'), { routingKey: queue, delay: 3600 });
  const resumed = next(transport, 'consumerResumed');
  await other.deleteQueue(queue);
  await resumed;
  // As the broker does when the delay is over.
  await publishRaw('celery_delayed_delivery', `${ONE_SECOND}.${queue}`, 'comes down the ladder');
  await until(() => expect(texts).toEqual(['comes down the ladder']));
});

test('a queue that others deleted and made again gets what is delayed from then on', async () => {
  const [transport, other] = [await open(rabbitmq.url), await open(rabbitmq.url)];
  const queue = named('queue');
  await transport.declareQueue({ name: queue, queueType: 'quorum' });
  await transport.publish(text('goes with the queue'), { routingKey: queue, delay: 3600 });
  await other.deleteQueue(queue);
  await other.declareQueue({ name: queue, queueType: 'quorum' });
  const { texts } = await take(other, queue, {}, (delivery) => delivery.ack());
  await transport.publish(text('comes'), { routingKey: queue, delay: 1 });
  await until(() => expect(texts).toEqual(['comes']));
});

test('a ladder of classic queues delays as well', async () => {
  const transport = await open(await rabbitmq.addVhost(named('classic')), { delayQueueType: 'classic' });
  const queue = named('queue');
  await transport.declareQueue({ name: queue });
  const { texts } = await take(transport, queue, {}, (delivery) => delivery.ack());
  const began = performance.now();
  await transport.publish(text('later'), { routingKey: queue, delay: 1 });
  await until(() => expect(texts).toEqual(['later']));
  expect(performance.now() - began).toBeGreaterThan(998);
});

test('a delay for a queue that is not there, or on a ladder of another type, is an error at once', async () => {
  const transport = await open(rabbitmq.url);
  const queue = named('queue');
  const lost = transport.publish(text('lost'), { routingKey: queue, delay: 5 });
  await expect(lost).rejects.toThrow(NotDeclaredError);
  await expect(lost).rejects.toThrow(queue);

  const classic = await open(rabbitmq.url, { delayQueueType: 'classic' });
  await classic.declareQueue({ name: queue });
  const refused = classic.publish(text('refused'), { routingKey: queue, delay: 5 });
  await expect(refused).rejects.toThrow(DeclarationMismatchError);
  await expect(refused).rejects.toThrow(/celery_delayed_0.*delayQueueType.*at-least-once/);
  // Made and deleted by the same hands: the next delay finds that it is gone.
  await transport.declareQueue({ name: queue });
  await transport.publish(text('goes with the queue'), { routingKey: queue, delay: 3600 });
  await transport.deleteQueue(queue);
  await expect(transport.publish(text('lost'), { routingKey: queue, delay: 5 })).rejects.toThrow(
    NotDeclaredError,
  );
});
