import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificates, freePort } from '@pool/servers';
import { requirePart, requireServer } from '@pool/servers/vitest';
import { next } from '@pool/servers/waiting';
import { ConnectionError } from '@pool/transport';
import { afterAll, expect, test } from 'vitest';
import { named, open, take, text, until } from './support/scene.js';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** A certificate for 127.0.0.1 that nobody trusts who is not told to. */
const certificates = await requirePart('openssl', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pool-amqp-'));
  folders.push(folder);
  return createCertificates(folder);
});
const tlsPort = await freePort();
const rabbitmq = await requireServer('rabbitmq', {
  config: [
    `listeners.ssl.1 = 127.0.0.1:${tlsPort}`,
    `ssl_options.certfile = ${certificates.cert}`,
    `ssl_options.keyfile = ${certificates.key}`,
  ],
});
const second = await requireServer('rabbitmq');

const withTls = `amqps://guest:guest@127.0.0.1:${tlsPort}//`;

test('amqps:// speaks TLS with a broker whose authority is trusted', async () => {
  const transport = await open(withTls, { tls: { ca: [await readFile(certificates.ca)] } });
  const queue = named('queue');
  await transport.declareQueue({ name: queue });
  const { texts } = await take(transport, queue, {}, (delivery) => delivery.ack());
  await transport.publish(text('secret'), { routingKey: queue });
  await until(() => expect(texts).toEqual(['secret']));
  await until(async () => {
    const connections = await rabbitmq.ctl('list_connections', 'ssl', 'port');
    // One consumes, the other publishes.
    expect(connections.match(new RegExp(`true\\s+${tlsPort}`, 'g'))).toHaveLength(2);
  });
});

test('a broker with a certificate that is not trusted is refused, and the error says what to do', async () => {
  const refused = open(withTls);
  await expect(refused).rejects.toThrow(ConnectionError);
  await expect(refused).rejects.toThrow(/self-signed certificate.*`tls`/);
});

test('a broker with a certificate for another host is refused, and the error says which', async () => {
  const ca = [await readFile(certificates.ca)];
  const refused = open(withTls, { tls: { ca, servername: 'broker.example' } });
  await expect(refused).rejects.toThrow(ConnectionError);
  await expect(refused).rejects.toThrow(/broker\.example/);
});

test.each([
  { scheme: 'amqp', port: () => tlsPort, speaks: 'TLS' },
  { scheme: 'amqps', port: () => rabbitmq.port, speaks: 'no TLS' },
])('$scheme:// to a port that speaks $speaks is an error', async ({ scheme, port }) => {
  const refused = open(`${scheme}://guest:guest@127.0.0.1:${port()}//`);
  await expect(refused).rejects.toThrow(ConnectionError);
  await expect(refused).rejects.toThrow(new RegExp(`cannot connect to ${scheme}://.*: .+`));
});

test('a virtual host that is not there is named', async () => {
  const refused = open(rabbitmq.url.replace(/\/*$/, '/nowhere'));
  await expect(refused).rejects.toMatchObject({
    code: 'ERR_POOL_BROKER_REFUSED',
    message: expect.stringContaining('the broker refused the virtual host "nowhere"'),
  });
});

test('of several brokers the first that can be reached is taken', async () => {
  const nobody = `amqp://127.0.0.1:${await freePort()}//`;
  const transport = await open([nobody, second.url]);
  expect(transport.url.port).toBe(second.port);
  const queue = named('queue');
  await transport.declareQueue({ name: queue });
  await transport.publish(text('here'), { routingKey: queue });
  const { texts } = await take(transport, queue, {}, (delivery) => delivery.ack());
  await until(() => expect(texts).toEqual(['here']));
});

test('while memory runs short publishes wait, acks and deliveries go on, and it is said once', async () => {
  const transport = await open(second.url);
  const producer = await open(second.url, { maxWaitingPublishes: 3 });
  const queue = named('queue');
  await transport.declareQueue({ name: queue });
  for (let i = 0; i < 5; i++) await transport.publish(text(`before ${i}`), { routingKey: queue });
  const { consumer, deliveries, texts } = await take(transport, queue, { prefetch: 2 });
  const told: string[] = [];
  transport.on('blocked', (reason) => told.push(reason));
  transport.on('unblocked', () => told.push('unblocked'));

  await second.ctl('set_vm_memory_high_watermark', '0.000001');
  const [blocked, alsoBlocked] = [next(transport, 'blocked'), next(producer, 'blocked')];
  let confirmed = 0;
  const waiting = Array.from({ length: 3 }, (_, i) =>
    transport.publish(text(`during ${i}`), { routingKey: queue }).then(() => {
      confirmed += 1;
    }),
  );
  const theirs = [0, 1, 2].map((i) => producer.publish(text(`theirs ${i}`), { routingKey: queue }));
  await Promise.all([blocked, alsoBlocked]);
  await expect(producer.publish(text('too much'), { routingKey: queue })).rejects.toThrow(
    /takes no messages \(low on memory\) and 3 wait/,
  );
  // What was there is consumed and acknowledged meanwhile, by the same transport whose publishes wait.
  await until(() => expect(deliveries.length).toBe(2));
  for (let seen = 0; texts.length < 5 || seen < 5; ) {
    for (; seen < deliveries.length; seen++) deliveries[seen]?.ack();
    await until(() => expect(deliveries.length).toBeGreaterThanOrEqual(Math.min(5, seen + 1)));
  }
  await consumer.proveConsumption();
  expect(texts).toEqual([0, 1, 2, 3, 4].map((i) => `before ${i}`));
  expect(confirmed).toBe(0);

  // Whoever gives up need not wait for the end of it.
  const leaving = await open(second.url);
  const given = next(leaving, 'blocked');
  const never = leaving.publish(text('never'), { routingKey: named('nowhere') });
  const refused = expect(never).rejects.toThrow(ConnectionError);
  await given;
  await leaving.close();
  await refused;

  await second.ctl('set_vm_memory_high_watermark', '0.4');
  await Promise.all([...waiting, ...theirs]);
  await until(() => {
    for (const delivery of deliveries) delivery.ack();
    expect(texts.length).toBe(11);
  });
  expect(told).toEqual(['low on memory', 'unblocked']);
});

test('a broker that is killed and restarted while it is consumed from is consumed from again', async () => {
  const transport = await open(rabbitmq.url);
  const [queue, fleeting, exchange] = [named('queue'), named('fleeting'), named('exchange')];
  await transport.declareExchange({ name: exchange, type: 'topic' });
  await transport.declareQueue({ name: queue });
  // The broker forgets this one and its binding.
  await transport.declareQueue({ name: fleeting, durable: false });
  await transport.bindQueue({ queue: fleeting, exchange, routingKey: 'a.*' });
  const { consumer, deliveries, texts } = await take(transport, [queue, fleeting]);
  await transport.publish(text('held'), { routingKey: queue });
  await until(() => expect(texts).toEqual(['held']));
  // RabbitMQ writes down which queues there are a while later; a broker that is killed before has forgotten them.
  await rabbitmq.ctl('eval', 'mnesia:sync_log().');
  const lost = next(transport, 'disconnected');
  const again = next(transport, 'connected');
  await rabbitmq.restart({ signal: 'SIGKILL' });
  await lost;
  expect(await again).toEqual([2]);
  await until(() => expect(texts).toEqual(['held', 'held']));
  deliveries[0]?.ack();
  expect(deliveries.map(({ settled, redelivered }) => [settled, redelivered])).toEqual([
    ['stale', false],
    [undefined, true],
  ]);
  deliveries[1]?.ack();
  await transport.publish(text('bound'), { exchange, routingKey: 'a.b' });
  await until(() => expect(texts).toEqual(['held', 'held', 'bound']));
  deliveries[2]?.ack();
  await consumer.proveConsumption();
  expect((await transport.queueStatus(queue)).messageCount).toBe(0);
});

test('a consumer goes on at whichever of its brokers is up', async () => {
  const transport = await open([rabbitmq.url, second.url]);
  const queue = named('queue');
  await transport.declareQueue({ name: queue });
  const { deliveries, texts } = await take(transport, queue);
  await transport.publish(text('held at the first'), { routingKey: queue });
  await until(() => expect(texts).toEqual(['held at the first']));
  // Else it may have forgotten the queue, as above.
  await rabbitmq.ctl('eval', 'mnesia:sync_log().');

  const failedOver = next(transport, 'connected');
  await rabbitmq.kill();
  await failedOver;
  expect(transport.url.port).toBe(second.port);
  await transport.publish(text('at the second'), { routingKey: queue });
  await until(() => expect(texts).toEqual(['held at the first', 'at the second']));
  deliveries[1]?.ack();
  await transport.flush();

  const tried: number[] = [];
  transport.on('reconnecting', () => tried.push(transport.url.port ?? 0));
  const back = next(transport, 'connected');
  await second.kill();
  await until(() => expect(new Set(tried).size).toBe(2));
  // Told while every broker is away; it waits for one.
  const published = transport.publish(text('meanwhile'), { routingKey: queue });
  await rabbitmq.restart();
  await back;
  await published;
  expect(transport.url.port).toBe(rabbitmq.port);
  await until(() => {
    expect(texts.slice(2).sort()).toEqual(['held at the first', 'meanwhile']);
  });
  expect(deliveries[2]?.epoch).toBe(transport.epoch);
});
