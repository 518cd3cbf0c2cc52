import { randomUUID } from 'node:crypto';
import type { App } from '@pool/app';
import { next } from '@pool/servers/waiting';
import type { Worker } from '@pool/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Child } from './support/child.js';
import { rabbitPlace, redisPlace } from './support/place.js';
import { PythonProducer } from './support/python-producer.js';
import { celeryInterpreter, ourApp, ourWorker } from './support/scene.js';
import { startPoolCommand } from './support/workers.js';

const interpreter = await celeryInterpreter();
const places = [await redisPlace(), await rabbitPlace()];

describe.each(places)('what Python sends over $name and we run', (place) => {
  let app: App;
  let worker: Worker;
  let python: PythonProducer;

  beforeAll(async () => {
    ({ app } = ourApp(place));
    python = new PythonProducer(interpreter, place);
    worker = await ourWorker(app, { queues: ['js'] });
  });
  afterAll(async () => {
    await worker?.stop();
    await python?.stop();
    await app?.close();
  });

  test('gets its arguments, and Python its result', async () => {
    expect(await python.call({ task: 'js.add', args: [2, 3] })).toEqual({ state: 'SUCCESS', value: 5 });
    expect(await python.call({ task: 'js.add', args: [2], kwargs: { y: 0.5 } })).toEqual({
      state: 'SUCCESS',
      value: 2.5,
    });
    expect(await python.call({ task: 'js.named', kwargs: { x: 1 } })).toMatchObject({
      value: { x: 1, more: null },
    });
  });

  test('keeps values as they are: text of all scripts, nested, null, large', async () => {
    const values = [
      'Grüße, 世界 🎉 \u0000 "quoted" \\ \u2028',
      { deep: [{ list: [[], {}, null, true, -1.5e-7, 2 ** 53 - 1] }], ключ: '值' },
      null,
      [],
    ];
    expect((await python.call({ task: 'js.echo', args: values })).value).toEqual(values);
    const large = 'é'.repeat(1_000_000);
    expect((await python.call({ task: 'js.echo', args: [large] })).value).toEqual([large]);
  });

  test.each(['gzip', 'zlib', 'bzip2'])('reads bodies compressed with %s', async (compression) => {
    const outcome = await python.call({
      task: 'js.echo',
      args: ['x'.repeat(5000)],
      options: { compression },
    });
    expect(outcome.value).toEqual(['x'.repeat(5000)]);
  });

  test('shows a failure to Python with its type, message and traceback', async () => {
    const own = await python.call({ task: 'js.fail', args: ['no such thing: ж'] });
    expect(own).toMatchObject({ state: 'FAILURE', error: { type: 'Refused', message: 'no such thing: ж' } });
    expect(own.traceback).toContain('tasks.mjs');
    const builtIn = await python.call({ task: 'js.type_error', args: ['odd'] });
    expect(builtIn).toMatchObject({ state: 'FAILURE', error: { type: 'TypeError', message: 'odd' } });
    const wrong = await python.call({ task: 'js.add', args: [1] });
    expect(wrong.error?.message).toContain("missing 1 required positional argument: 'y'");
  });

  test('is retried as often as it asks for', async () => {
    expect(await python.call({ task: 'js.retry', args: [2] })).toEqual({ state: 'SUCCESS', value: 2 });
    expect((await python.call({ task: 'js.retry', args: [9] })).error?.type).toBe('MaxRetriesExceededError');
  });

  test('has no result when Python wants none', async () => {
    const succeeded = next(worker, 'taskSucceeded');
    const [id] = await python.send({ task: 'js.add', args: [1, 1], options: { ignore_result: true } });
    expect((await succeeded)[0].id).toBe(id);
    if (place.name === 'Redis') {
      expect(await app.AsyncResult(id as string).document()).toBeUndefined();
      expect(await python.state(id as string)).toBe('PENDING');
    }
  });

  test('waits for its countdown', async () => {
    const sent = Date.now();
    const outcome = await python.call({ task: 'js.request', options: { countdown: 1 } });
    expect(Date.now() - sent).toBeGreaterThanOrEqual(990);
    expect(outcome.state).toBe('SUCCESS');
  });

  test('is not run after it expired', async () => {
    const revoked = next(worker, 'taskRevoked');
    const outcome = await python.call({ task: 'js.add', args: [1, 1], options: { expires: -5 } });
    expect(outcome).toMatchObject({ state: 'REVOKED', error: { type: 'TaskRevokedError' } });
    expect((await revoked)[1]).toBe('expired');
  });

  test('knows the limits, ids and routing of its message', async () => {
    const taskId = randomUUID();
    const { value } = await python.call({
      task: 'js.request',
      options: {
        time_limit: 20,
        soft_time_limit: 10,
        task_id: taskId,
        priority: 3,
        headers: { tenant: 'acme', sentAt: 1_795_000_000_000, left: [-1, -(2 ** 40)] },
      },
    });
    expect(value).toMatchObject({
      id: taskId,
      rootId: taskId,
      parentId: null,
      timelimit: [20, 10],
      deliveryInfo: { exchange: '', routingKey: 'js', priority: 3 },
      headers: { tenant: 'acme', sentAt: 1_795_000_000_000, left: [-1, -(2 ** 40)] },
    });
  });

  test('is ended by the soft time limit of its message', async () => {
    const outcome = await python.call({ task: 'js.hold', options: { soft_time_limit: 0.2 } });
    expect(outcome).toMatchObject({ state: 'FAILURE', error: { type: 'SoftTimeLimitExceeded' } });
  });

  test('may lie in a queue that Python makes up', async () => {
    const queue = `made-up-${randomUUID()}`;
    const ids = await python.send({ task: 'js.add', args: [20, 1], options: { queue } });
    const other = await ourWorker(app, { queues: [queue] });
    try {
      expect(await python.get(ids)).toEqual([{ state: 'SUCCESS', value: 21 }]);
    } finally {
      await other.stop();
    }
  });

  test('runs in the order of its priorities', async () => {
    const priorities = [6, 9, 0, 3, 9, 0]; // steps of their own on Redis, too
    const calls = priorities.map((priority) => ({
      task: 'js.echo',
      args: [priority],
      options: { queue: 'ranked', priority },
    }));
    const ids = await python.send(...calls);
    const ran: string[] = [];
    const ranked = await ourWorker(app, { pool: 'solo', queues: ['ranked'] }, (started) => {
      started.on('taskStarted', ({ id }) => ran.push(id));
    });
    try {
      await python.get(ids);
    } finally {
      await ranked.stop();
    }
    const urgentFirst = place.name === 'Redis' ? [0, 0, 3, 6, 9, 9] : [9, 9, 6, 3, 0, 0];
    expect(ran.map((id) => priorities[ids.indexOf(id)])).toEqual(urgentFirst);
  });

  test('a message of an unknown task is answered with NotRegistered', async () => {
    const outcome = await python.call({ task: 'js.nobody', args: [] });
    expect(outcome).toMatchObject({ state: 'FAILURE', error: { type: 'NotRegistered' } });
    expect((await python.call({ task: 'js.add', args: [1, 2] })).value).toBe(3);
  });
});

describe.each(places)('the command pool on $name', (place) => {
  let python: PythonProducer;
  beforeAll(() => {
    python = new PythonProducer(interpreter, place);
  });
  afterAll(() => python?.stop());

  test.each(['prefork', 'threads', 'green', 'solo'])('runs what Python sends on %s', async (pool) => {
    let worker: Child | undefined;
    try {
      const ids = await python.send(
        { task: 'js.add', args: [2, 3] },
        { task: 'js.echo', args: ['é', { a: [1] }] },
        { task: 'js.fail', args: ['no'] },
        { task: 'js.retry', args: [1] },
      );
      worker = await startPoolCommand(place, pool, ['js']);
      const [sum, echo, failure, retried] = await python.get(ids);
      expect(sum).toEqual({ state: 'SUCCESS', value: 5 });
      expect(echo?.value).toEqual(['é', { a: [1] }]);
      expect(failure).toMatchObject({ state: 'FAILURE', error: { type: 'Refused', message: 'no' } });
      expect(retried?.value).toBe(1);
    } finally {
      await worker?.stop();
    }
  });
});
