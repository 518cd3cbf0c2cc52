import { NotRegistered } from '@pool/results';
import { next } from '@pool/servers/waiting';
import { expect, test } from 'vitest';
import { memoryApp, runWorker } from './support/in-process.js';

const encoder = new TextEncoder();

test.each([
  ['no task at all', {}, 'application/json', '{"hello":1}', /task/],
  ['broken JSON', {}, 'application/json', '{', /JSON|Unexpected|Expected/],
  [
    'a content type nobody accepts',
    { task: 'demo.add', id: 'x' },
    'application/x-python-serialize',
    'cos',
    /not accepted/,
  ],
  [
    'headers that are wrong',
    { task: 'demo.add', id: 'x', retries: 'many' },
    'application/json',
    '[[],{},{}]',
    /retries/,
  ],
  ['a task of no name', { task: 7, id: 'x' }, 'application/json', '[[],{},{}]', /task/],
])(
  'a message with %s is set aside with its reason, and the worker goes on',
  async (_what, headers, contentType, body, reason) => {
    const app = await memoryApp();
    const add = app.task('demo.add', (x: number, y: number) => x + y);
    const { worker, lines } = await runWorker(app);
    const aside = next(worker, 'setAside');
    const transport = await app.transport();
    await transport.publish(
      { headers, contentType, contentEncoding: 'utf-8', body: encoder.encode(body), properties: {} },
      { routingKey: 'celery' },
    );
    const [record] = await aside;
    expect(record.reason).toMatch(reason);
    expect(worker.counters.setAside).toBe(1);
    expect(lines.some(({ level, text }) => level === 'error' && /Refused a message/.test(text))).toBe(true);
    expect(await (await add.delay(1, 2)).get({ timeout: 60 })).toBe(3);
  },
);

test('whoever sent a task that nobody knows learns it', async () => {
  const app = await memoryApp();
  const { worker } = await runWorker(app);
  const aside = next(worker, 'setAside');
  const result = await app.sendTask('demo.nope', [1]);
  await expect(result.get({ timeout: 60 })).rejects.toBeInstanceOf(NotRegistered);
  const [record] = await aside;
  expect(record.reason).toContain('"demo.nope" is not registered');
});

test('a late-ack message whose body is no task body is set aside, and the task has failed', async () => {
  const app = await memoryApp();
  app.task('demo.add', { acksLate: true }, (x: number, y: number) => x + y);
  const { worker } = await runWorker(app);
  const aside = next(worker, 'setAside');
  const transport = await app.transport();
  const body = encoder.encode('[[1,2],{}]');
  await transport.publish(
    {
      headers: { task: 'demo.add', id: 'odd' },
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      body,
      properties: {},
    },
    { routingKey: 'celery' },
  );
  const [record] = await aside;
  expect(record.reason).toContain('InvalidTaskError');
  await expect(app.AsyncResult('odd').get({ timeout: 60 })).rejects.toThrow('InvalidTaskError');
});

test.each([
  ['that is none', {}, '{"hello":1}'],
  ['whose body is none', { task: 'demo.add', id: 'odd' }, '[[1,2],{}]'],
])('a task message %s is held while it cannot be set aside', async (_what, headers, body) => {
  const app = await memoryApp();
  const add = app.task('demo.add', { acksLate: true }, (x: number, y: number) => x + y);
  const { worker, lines } = await runWorker(app);
  const transport = await app.transport();
  const setAside = transport.setAside.bind(transport);
  // There is no way to fill this broker's memory.
  transport.setAside = () => Promise.reject(new Error('there is no room'));
  const aside = next(worker, 'setAside');
  await transport.publish(
    {
      headers,
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      body: encoder.encode(body),
      properties: {},
    },
    { routingKey: 'celery' },
  );
  const told = (): number => lines.filter(({ text }) => text.includes('held, and tried again')).length;
  await expect.poll(told, { timeout: 60_000 }).toBe(1);
  expect(await (await add.delay(1, 2)).get({ timeout: 60 })).toBe(3);
  transport.setAside = setAside;
  await aside;
  expect(told()).toBe(1);
  expect(transport.stats.requeued).toBe(0);
});

test('a message of protocol 1 is run as any other', async () => {
  const app = await memoryApp();
  app.task('demo.add', { params: ['x', 'y'] }, (x: number, y: number) => x + y);
  await runWorker(app);
  const transport = await app.transport();
  const body = encoder.encode(
    JSON.stringify({ task: 'demo.add', id: 'old', args: [1], kwargs: { y: 2 }, retries: 0 }),
  );
  await transport.publish(
    { headers: {}, contentType: 'application/json', contentEncoding: 'utf-8', body, properties: {} },
    { routingKey: 'celery' },
  );
  expect(await app.AsyncResult('old').get({ timeout: 60 })).toBe(3);
});
