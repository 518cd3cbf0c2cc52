import { readFile } from 'node:fs/promises';
import { createCodec, createSignature, encodeTaskMessage } from '@pool/message';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryApp, runWorker } from './support/in-process.js';
import { startWorker } from './support/process.js';
import { fileSite } from './support/producer.js';

/** How many generated messages the worker gets; more with `POOL_FUZZ_RUNS`. */
const RUNS = Math.ceil(Number(process.env['POOL_FUZZ_RUNS'] ?? 25_000) / 5);

const evil = new URL('./fixtures/evil.js', import.meta.url).href;
const codec = createCodec();

const NAMES = [
  'task',
  'id',
  'args',
  'kwargs',
  'retries',
  'eta',
  'expires',
  'timelimit',
  'group',
  'group_index',
  'root_id',
  'parent_id',
  'ignore_result',
  'replaced_task_nesting',
  'stamps',
  'stamped_headers',
  'shadow',
  'compression',
  'chord',
  'chain',
  'callbacks',
  'errbacks',
  '__proto__',
  'constructor',
  '__type__',
  '__value__',
  'module',
  'name',
];
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(null, true, 0, -1, 1e308, '', 'x', 'demo.add', 'demo.late', 'demo.nope', evil),
    fc.constantFrom<unknown>(
      '1970-01-01T00:00:00',
      '9999-12-31T23:59:59',
      'application/x-gzip',
      'celery.chord',
    ),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.array(fc.tuple(fc.constantFrom(...NAMES), tie('json')), { maxLength: 4 }).map(Object.fromEntries),
  ),
}));
const object = fc.array(fc.tuple(fc.constantFrom(...NAMES), json), { maxLength: 5 }).map(Object.fromEntries);
const tasks = fc.constantFrom('demo.add', 'demo.late', 'demo.nope', 'celery.map', 'celery.accumulate');
/** Mostly in order, so that every stage of the way is reached. */
const headers = fc.oneof(
  { weight: 1, arbitrary: object },
  {
    weight: 3,
    arbitrary: fc
      .tuple(tasks, fc.uuid(), fc.array(fc.tuple(fc.constantFrom(...NAMES), json), { maxLength: 1 }))
      .map(([task, id, rest]) => ({ ...Object.fromEntries(rest), task, id })),
  },
);
const body = fc.oneof(
  { weight: 1, arbitrary: json.map((value) => JSON.stringify(value)) },
  {
    weight: 1,
    arbitrary: fc.tuple(json, fc.nat(30)).map(([value, end]) => JSON.stringify(value).slice(0, end)),
  },
  { weight: 1, arbitrary: fc.string() },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.array(json, { maxLength: 3 }), object, object)
      .map((value) => JSON.stringify(value)),
  },
);
const contentType = fc.constantFrom(
  'application/json',
  'application/json',
  'application/json',
  'text/plain',
  'application/x-python-serialize',
  '',
);

test(`of ${RUNS} generated messages each is run or set aside with its reason, and the worker goes on`, async () => {
  const app = await memoryApp({ resultBackend: undefined as never });
  const seen: unknown[] = [];
  app.task('demo.add', (...args: unknown[]) => seen.push(args));
  app.task('demo.late', { acksLate: true, maxRetries: 0 }, (...args: unknown[]) => seen.push(args));
  const { worker, lines } = await runWorker(app, { logLevel: 'silent', etaTaskLimit: 10, revokesMax: 10 });
  const reasons = new Set<string>();
  let aside = 0;
  worker.on('setAside', ({ reason }) => {
    aside += 1;
    reasons.add(reason.replace(/[^a-zA-Z ]/g, '').slice(0, 20));
  });
  // Given back to the broker, which holds it.
  let postponed = 0;
  worker.on('taskReceived', ({ headers: { eta } }) => {
    if (eta !== null && eta.getTime() > Date.now() + 60_000) postponed += 1;
  });
  const transport = await app.transport();
  const { counters } = worker;
  let sent = 0;
  /** As many as were sent have ended, or wait for a time that has not come. */
  const settled = async (): Promise<void> => {
    const deadline = Date.now() + 60_000;
    const waits = (): number => counters.received - sent + worker.requests.size;
    while (counters.received < sent || worker.requests.size > 0) {
      if (Date.now() > deadline) throw new Error(`${waits()} messages never ended`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(headers, body, contentType), { minLength: 50, maxLength: 50 }),
      async (messages) => {
        await Promise.all(
          messages.map(([head, text, type]) =>
            transport.publish(
              {
                headers: head,
                contentType: type,
                contentEncoding: 'utf-8',
                body: Buffer.from(text),
                properties: {},
              },
              { routingKey: 'celery' },
            ),
          ),
        );
        sent += messages.length;
        await settled();
      },
    ),
    { numRuns: Math.ceil(RUNS / 50) },
  );
  const { succeeded, failed, revoked, setAside, ignored, rejected } = counters;
  expect(setAside).toBeGreaterThan(RUNS / 10);
  expect(succeeded + failed).toBeGreaterThan(RUNS / 10);
  expect(aside).toBeGreaterThanOrEqual(setAside);
  const ended = succeeded + failed + revoked + ignored + rejected + setAside;
  expect(ended + postponed).toBeGreaterThanOrEqual(sent);
  expect(reasons.size).toBeGreaterThan(5);
  expect(seen.length).toBeGreaterThan(0);
  expect(lines.filter(({ level }) => level === 'fatal')).toEqual([]);
  expect(({} as Record<string, unknown>)['task']).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);

  const done = new Promise((resolve) => worker.once('taskSucceeded', resolve));
  await app.sendTask('demo.add', [1, 2]);
  await done;
  expect(seen.at(-1)).toEqual([1, 2]);
}, 180_000);

test('headers that nest without end, as AMQP carries them, are refused', async () => {
  const app = await memoryApp();
  app.task('demo.add', (x: number, y: number) => x + y);
  const { worker } = await runWorker(app);
  let deep: Record<string, unknown> = {};
  for (let i = 0; i < 2000; i++) deep = { deep };
  const reasons: string[] = [];
  const both = new Promise<void>((resolve) => {
    worker.on('setAside', ({ reason }) => {
      if (reasons.push(reason) === 2) resolve();
    });
  });
  const transport = await app.transport();
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`h${i}`, i]));
  for (const extra of [{ deep }, many]) {
    const message = encodeTaskMessage({ task: 'demo.add', id: 'x', args: [1, 2] });
    await transport.publish(
      { ...message, headers: { ...message.headers, ...extra } },
      { routingKey: 'celery' },
    );
  }
  await both;
  expect(reasons[0]).toContain('maxDepth');
  expect(reasons[1]).toContain('maxHeaders');
});

test('no message makes a worker load code it was not started with', async () => {
  const site = await fileSite();
  const marker = `${site.folder}/evil`;
  const worker = await startWorker({ ...site.env, EVIL: marker }, '-P', 'prefork', '-c', '1');
  const transport = await site.app.transport();
  await transport.connect();
  const reference = { module: evil, name: 'run' };
  const names = [
    evil,
    `${evil}:run`,
    `${evil}#run`,
    './fixtures/evil.js',
    'celery.backend_cleanup',
    '__proto__',
  ];
  const signatures = names.map((name) => createSignature(name, { args: [reference] }));
  const args = [reference, evil];
  const calls = [
    ...names.map((task) => ({ task, args })),
    { task: 'demo.add', args: [reference, reference] },
    { task: 'celery.map', kwargs: { task: signatures[0], it: [[evil]] } },
    { task: 'celery.starmap', kwargs: { task: reference, it: [[evil]] } },
    { task: 'celery.chunks', kwargs: { task: signatures[1], it: [[[evil]]], n: 1 } },
    {
      task: 'demo.add',
      args: [1, 2],
      embed: { callbacks: signatures, errbacks: signatures, chain: signatures },
    },
    { task: 'demo.fail', args: ['no'], embed: { errbacks: signatures } },
    {
      task: 'demo.add',
      args: [1, 2],
      headers: { target: reference, module: evil, imports: [evil], loader: evil, settings: evil, app: evil },
    },
  ];
  for (const [index, call] of calls.entries())
    await transport.publish(encodeTaskMessage({ id: `call-${index}`, ...call }, { codec }), {
      routingKey: 'celery',
    });
  // Types that a decoder might look up, and what Python would import.
  for (const text of [
    `[[{"__type__":${JSON.stringify(evil)},"__value__":"run"}],{},{}]`,
    `[[{"exc_type":"run","exc_module":${JSON.stringify(evil)},"exc_message":[]}],{},{}]`,
  ])
    await transport.publish(
      { ...encodeTaskMessage({ task: 'demo.print', id: text.slice(0, 20) }), body: Buffer.from(text) },
      { routingKey: 'celery' },
    );
  const last = await site.app.sendTask('demo.add', [40, 2], { taskId: 'the-last' });
  expect(await last.get({ timeout: 60 })).toBe(42);
  worker.kill('SIGTERM');
  expect(await worker.exited()).toBe(0);
  await expect(readFile(marker, 'utf8')).rejects.toThrow('ENOENT');
  const refused = worker.lines.filter(({ msg }) => msg.includes('is not registered'));
  expect(refused.length).toBeGreaterThanOrEqual(names.length - 1);
}, 120_000);
