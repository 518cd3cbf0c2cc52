import { randomUUID } from 'node:crypto';
import { type App, chain, chord, group, type Task } from '@pool/app';
import type { Worker } from '@pool/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Child } from './support/child.js';
import { rabbitAndRedisPlace, redisPlace } from './support/place.js';
import { PythonProducer } from './support/python-producer.js';
import { celeryInterpreter, ourApp, ourWorker } from './support/scene.js';
import { startPythonWorker } from './support/workers.js';

const interpreter = await celeryInterpreter();
const places = [await redisPlace(), await rabbitAndRedisPlace()];
const timeout = 30;

describe.each(places)('workflows over $name with parts on both sides', (place) => {
  let app: App;
  let add: Task<[x: number, y: number], number>;
  let sum: Task<[numbers: number[]], number>;
  let ours: Worker;
  let theirs: Child;
  let python: PythonProducer;

  beforeAll(async () => {
    ({ app, add, sum } = ourApp(place));
    python = new PythonProducer(interpreter, place);
    [theirs, ours] = await Promise.all([
      startPythonWorker(interpreter, place, ['py']),
      ourWorker(app, { queues: ['js'] }),
    ]);
  });
  afterAll(async () => {
    await ours?.stop();
    await python?.stop();
    await theirs?.stop();
    await app?.close();
  });

  const pyAdd = (...args: number[]) => app.signature('py.add', args);
  const pySum = () => app.signature('py.sum', []);

  describe('begun in Python', () => {
    const task = (name: string, ...args: unknown[]) => ({ task: name, args });

    test('a chain goes back and forth', async () => {
      const outcome = await python.run({
        chain: [task('js.add', 1, 2), task('py.add', 10), task('js.add', 100), task('py.add', 1000)],
      });
      expect(outcome).toEqual({ state: 'SUCCESS', value: 1113 });
    });

    test('a group has its members on both sides', async () => {
      const id = await python.canvas({
        group: [task('js.add', 1, 2), task('py.add', 3, 4), task('js.add', 5, 6)],
      });
      expect((await python.get([id]))[0]?.value).toEqual([3, 7, 11]);
    });

    test.each(['js.sum', 'py.sum'])('a chord of both sides ends in %s', async (body) => {
      const header = [task('js.add', 1, 2), task('py.add', 3, 4), task('js.add', 5, 6), task('py.add', 7, 8)];
      expect(await python.run({ chord: [header, task(body)] })).toEqual({ state: 'SUCCESS', value: 36 });
    });

    test('links are called on the other side', async () => {
      const done = new Promise<unknown>((resolve) => {
        ours.on('taskSucceeded', (request) => {
          if (request.headers.parentId !== null) resolve(request.headers.task);
        });
      });
      const outcome = await python.run({ ...task('py.add', 1, 2), link: [task('js.add', 10)] });
      expect(outcome.value).toBe(3);
      expect(await done).toBe('js.add');
    });

    test('a failure here is the failure of the chain there', async () => {
      const outcome = await python.run({
        chain: [task('js.fail', 'broken'), task('py.add', 1)],
      });
      expect(outcome).toMatchObject({ state: 'FAILURE', error: { type: 'Refused', message: 'broken' } });
    });

    test('an errback in Python is called for a failure here, with the id of what failed', async () => {
      const taskId = randomUUID();
      const errback = { ...task('py.echo'), options: { task_id: taskId } };
      const failed = await python.canvas({ ...task('js.fail', 'broken'), link_error: [errback] });
      expect((await python.get([taskId]))[0]).toEqual({
        state: 'SUCCESS',
        value: { args: [failed], kwargs: {} },
      });
    });

    test('an errback in Python that takes an id as well finds the error of a failure here', async () => {
      const taskId = randomUUID();
      const errback = { ...task('py.errback'), options: { task_id: taskId } };
      await python.canvas({ ...task('js.fail', 'broken'), link_error: [errback] });
      expect((await python.get([taskId]))[0]?.value).toEqual(['broken', true]);
    });

    test('an errback in Python that takes three arguments alone fails for a failure elsewhere, as between two workers of Celery', async () => {
      const taskId = randomUUID();
      const errback = { ...task('py.strict_errback'), options: { task_id: taskId } };
      await python.canvas({ ...task('js.fail', 'broken'), link_error: [errback] });
      const [outcome] = await python.get([taskId]);
      expect(outcome).toMatchObject({ state: 'FAILURE', error: { type: 'TypeError' } });
      expect(outcome?.error?.message).toMatch(
        /missing 2 required positional arguments: 'exc' and 'traceback'/,
      );
    });

    test.each([
      ['py', 'js'],
      ['js', 'py'],
    ])('what %s retries in the queue of %s runs there, as its second try', async (first, then) => {
      const call = { task: 'both.retry', args: [then], options: { queue: first } };
      expect(await python.call(call)).toEqual({ state: 'SUCCESS', value: [then, 1] });
    });

    test('a failed member fails the chord', async () => {
      const outcome = await python.run({
        chord: [[task('js.fail', 'broken'), task('py.add', 1, 2)], task('py.sum')],
      });
      expect(outcome).toMatchObject({ state: 'FAILURE', error: { type: 'ChordError' } });
      expect(outcome.error?.message).toContain('broken');
    });
  });

  describe('begun here', () => {
    test('a chain goes back and forth', async () => {
      const result = await chain(add.s(1, 2), pyAdd(10), add.s(100), pyAdd(1000)).delay();
      expect(await result.get({ timeout })).toBe(1113);
    });

    test('a group has its members on both sides', async () => {
      const result = await group(add.s(1, 2), pyAdd(3, 4), add.s(5, 6)).delay();
      expect(await result.get({ timeout })).toEqual([3, 7, 11]);
    });

    test('a chord of both sides ends here or there', async () => {
      const header = [add.s(1, 2), pyAdd(3, 4), add.s(5, 6), pyAdd(7, 8)];
      const [here, there] = [await chord(header, sum.s()).delay(), await chord(header, pySum()).delay()];
      expect(await here.get({ timeout })).toBe(36);
      expect(await there.get({ timeout })).toBe(36);
    });

    test('a failure in Python is the failure of the chain here', async () => {
      const result = await chain(app.signature('py.fail', ['broken']), add.s(1)).delay();
      await expect(result.get({ timeout })).rejects.toMatchObject({
        excType: 'Refused',
        args: ['broken', 42],
      });
    });

    test('an errback here is called for a failure in Python, with the id of what failed', async () => {
      const taskId = randomUUID();
      const errback = app.signature('js.echo', []).set({ taskId });
      const failed = await app.signature('py.fail', ['broken']).linkError(errback).delay();
      expect(await app.AsyncResult(taskId).get({ timeout })).toEqual([failed.id]);
    });

    test('an errback here finds the error of a failure in Python by its id', async () => {
      const taskId = randomUUID();
      await app
        .signature('py.fail', ['broken'])
        .linkError(app.signature('js.errback', []).set({ taskId }))
        .delay();
      const [message, traced] = (await app.AsyncResult(taskId).get({ timeout })) as [string, boolean];
      expect(message).toContain('broken');
      expect(traced).toBe(true);
    });

    test('a failed member in Python fails the chord here', async () => {
      const result = await chord([app.signature('py.fail', ['broken']), add.s(1, 2)], sum.s()).delay();
      await expect(result.get({ timeout })).rejects.toMatchObject({ excType: 'ChordError' });
    });
  });
});
