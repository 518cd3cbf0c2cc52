import { App, type AppOptions } from '@pool/app';
import { requireSharedRabbitmq } from '@pool/servers/vitest';
import { next } from '@pool/servers/waiting';
import { Worker } from '@pool/worker';
import { connect as amqp } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { named, open, take, until } from './support/scene.js';

const rabbitmq = await requireSharedRabbitmq();

/** A message with a header as no client of good will would encode it, written to the socket by hand. */
async function sendRaw(queue: string, table: Buffer): Promise<void> {
  const connection = await amqp(rabbitmq.url);
  const channel = await connection.createConfirmChannel();
  const { ch, connection: inner } = channel as unknown as {
    ch: number;
    connection: { stream: NodeJS.WritableStream };
  };
  const frame = (type: number, payload: Buffer): Buffer => {
    const head = Buffer.alloc(7);
    head.writeUInt8(type, 0);
    head.writeUInt16BE(ch, 1);
    head.writeUInt32BE(payload.length, 3);
    return Buffer.concat([head, payload, Buffer.from([0xce])]);
  };
  const method = Buffer.from([0, 60, 0, 40, 0, 0, 0, queue.length, ...Buffer.from(queue), 0]);
  const header = Buffer.alloc(18);
  header.writeUInt16BE(60, 0);
  header.writeBigUInt64BE(7n, 4);
  header.writeUInt16BE(0x2000, 12);
  header.writeUInt32BE(table.length, 14);
  const body = Buffer.from('hostile');
  inner.stream.write(
    Buffer.concat([frame(1, method), frame(2, Buffer.concat([header, table])), frame(3, body)]),
  );
  await channel.checkQueue(queue);
  await connection.close();
}

/** An entry of a table: a key and a value with its type. */
const entry = (key: string, value: Buffer): Buffer =>
  Buffer.concat([Buffer.from([key.length]), Buffer.from(key), value]);
const sized = (type: string, content: Buffer): Buffer => {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(content.length);
  return Buffer.concat([Buffer.from(type), size, content]);
};
function nested(depth: number): Buffer {
  const parts: Buffer[] = [];
  for (let level = 0; level < depth; level++) {
    const size = Buffer.alloc(5, 'A');
    size.writeUInt32BE((depth - level - 1) * 5, 1);
    parts.push(size);
  }
  return Buffer.concat(parts);
}

/** An app on a queue of its own, with a worker of it, which holds one message at a time. */
async function startWorker(options: AppOptions = {}) {
  const queue = named('queue');
  const app = new App('hostile', { broker: rabbitmq.url, taskDefaultQueue: queue, ...options });
  onTestFinished(() => app.close());
  const runs: number[] = [];
  const note = app.task('hostile.note', (i: number) => void runs.push(i));
  const prefetch = { concurrency: 1, prefetchMultiplier: 1 };
  const worker = new Worker(app, { pool: 'solo', logLevel: 'silent', ...prefetch });
  onTestFinished(() => worker.stop());
  return { queue, app, worker, note, runs };
}

const many = Array.from({ length: 300 }, (_, i) => entry(`h${i}`, Buffer.from('V')));

test.each([
  { what: 'nested too deep for the stack', table: entry('x', nested(25_000)), reason: /cannot be decoded/ },
  { what: 'nested too deep', table: entry('x', nested(600)), reason: /maxDepth = 512/ },
  { what: 'too many', table: Buffer.concat(many), reason: /maxHeaders = 256/ },
  { what: 'a prototype', table: entry('__proto__', sized('F', Buffer.alloc(0))), reason: /__proto__/ },
])('headers that are $what are set aside, and the worker goes on', async ({ table, reason }) => {
  const { queue, app, worker, note, runs } = await startWorker();
  const transport = await app.transport();
  await transport.connect();
  await transport.declareQueue({ name: queue });
  await sendRaw(queue, table);
  const refused: string[] = [];
  transport.on('refused', (_queue, why) => refused.push(why));
  const aside = next(worker, 'setAside');
  await worker.start();
  const [record] = await aside;
  expect(record).toMatchObject({ queue, place: `${queue}.rejected` });
  expect(record.reason).toMatch(reason);
  expect([refused, worker.counters.setAside]).toEqual([[record.reason], 1]);
  await note.delay(1);
  await until(() => expect(runs).toEqual([1]));
  expect(transport.epoch).toBe(1);
  await transport.flush();
  expect(await transport.queueSize(queue)).toBe(0);
  const place = await take(await open(rabbitmq.url), `${queue}.rejected`);
  await until(() => expect(place.texts).toEqual(['hostile']));
  // All that is left of its headers is why it lies here.
  expect(place.deliveries[0]?.message.headers).toEqual({
    'x-rejected-queue': queue,
    'x-rejected-reason': record.reason,
    'x-rejected-at': expect.any(String),
  });
});

test('integers of 64 bits that Python writes are read, wherever they are', async () => {
  const { queue, app } = await startWorker();
  const transport = await app.transport();
  await transport.connect();
  await transport.declareQueue({ name: queue });
  const long = (value: bigint): Buffer => {
    const bytes = Buffer.alloc(9, 'L');
    bytes.writeBigInt64BE(value, 1);
    return bytes;
  };
  const text = sized('S', Buffer.from('LLL'));
  const [time, below] = [long(1_795_000_000_000n), long(-(2n ** 40n))];
  await sendRaw(
    queue,
    Buffer.concat([
      entry('L', text),
      entry('time', time),
      entry('list', sized('A', Buffer.concat([text, below, Buffer.from('V')]))),
      entry('table', sized('F', Buffer.concat([entry('L', below), entry('t', Buffer.from('t\x01'))]))),
    ]),
  );
  const place = await take(await open(rabbitmq.url), queue);
  await until(() => expect(place.texts).toEqual(['hostile']));
  expect(place.deliveries[0]?.message.headers).toEqual({
    L: 'LLL',
    time: 1_795_000_000_000,
    list: ['LLL', -(2 ** 40), null],
    table: { L: -(2 ** 40), t: true },
  });
});

test('the limits of an app are those of its transport', async () => {
  const { worker, note, runs } = await startWorker({
    codec: { limits: { maxHeaders: 1000, maxDepth: 5000 } },
  });
  await worker.start();
  const headers = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`h${i}`, i]));
  let deep: Record<string, unknown> = {};
  for (let i = 0; i < 600; i++) deep = { deep };
  await note.applyAsync([1], { headers: { ...headers, deep } });
  await until(() => expect(runs).toEqual([1]));
  expect(worker.counters.setAside).toBe(0);
});
