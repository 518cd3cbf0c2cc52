import { App, group } from '@pool/app';
import { exceptionDocument, ResultTimeoutError, TaskError, TimeLimitExceeded } from '@pool/results';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Demo, demo } from './support/demo-app.js';

let scene: Demo;
beforeEach(async () => {
  scene = await demo();
});
afterEach(() => scene[Symbol.asyncDispose]());

describe('a result', () => {
  it('is awaited by who sent the task, and asked for by its id anywhere', async () => {
    const { add, app } = scene;
    const result = await add.delay(2, 3);
    expect(await result.get({ timeout: 60 })).toBe(5);
    const other = app.AsyncResult<number>(result.id);
    expect(await other.get({ timeout: 60 })).toBe(5);
    expect([
      await other.state(),
      await other.ready(),
      await other.successful(),
      await other.failed(),
    ]).toEqual(['SUCCESS', true, true, false]);
  });

  it('of a failure is thrown, with what is known of it, unless it is not to be', async () => {
    const result = await scene.fail.delay('no');
    const error = await result.get({ timeout: 60 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TaskError);
    expect(error).toMatchObject({
      taskId: result.id,
      excType: 'RangeError',
      args: ['no'],
      message: 'RangeError: no',
    });
    expect(await result.get({ propagate: false })).toBeInstanceOf(TaskError);
    expect(await result.info()).toBeInstanceOf(TaskError);
    expect(await result.failed()).toBe(true);
  });

  it('has the class of what happened to the task', async () => {
    const { app, results } = scene;
    const document = exceptionDocument(new TimeLimitExceeded('5', { args: [5] }));
    await results.storeResult({ taskId: 'late', status: 'FAILURE', result: document, traceback: 'at x' });
    const result = app.AsyncResult('late');
    await expect(result.get({ timeout: 60 })).rejects.toBeInstanceOf(TimeLimitExceeded);
    expect(await result.traceback()).toBe('at x');
  });

  it('of a task nobody knows is pending, and does not come', async () => {
    const result = scene.app.AsyncResult('unknown');
    expect([await result.state(), await result.info(), await result.traceback()]).toEqual([
      'PENDING',
      undefined,
      null,
    ]);
    await expect(result.get({ timeout: 0.05 })).rejects.toBeInstanceOf(ResultTimeoutError);
    const reason = new Error('enough');
    await expect(result.get({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('that is ignored is undefined at once', async () => {
    const result = await scene.add.applyAsync([1, 2], { ignoreResult: true });
    expect(result.ignored).toBe(true);
    expect(await result.get()).toBeUndefined();
    const signed = await scene.add.s(1, 2).set({ ignoreResult: true }).delay();
    expect(await signed.get()).toBeUndefined();
  });

  it('of a group leaves out what is ignored, without waiting for it', async () => {
    const { add } = scene;
    const silent = add.s(1, 1).set({ ignoreResult: true });
    const result = await group([add.s(1, 2), silent, add.s(3, 4)]).applyAsync();
    expect(await result.get({ timeout: 60 })).toEqual([3, undefined, 7]);
    expect(await result.successful()).toBe(true);
    const ended: unknown[] = [];
    for await (const [, value] of result) ended.push(value);
    expect(ended.sort()).toEqual([3, 7]);
  });

  it('tells who listens late that it is there, once each', async () => {
    const result = await scene.add.delay(2, 3);
    const heard: unknown[] = [];
    const listen = (name: string): Promise<void> =>
      new Promise((resolve) =>
        result.on('ready', (document) => {
          heard.push([name, document.result]);
          resolve();
        }),
      );
    await listen('first');
    await listen('second');
    await result.get();
    await listen('third');
    expect(heard).toEqual([
      ['first', 5],
      ['second', 5],
      ['third', 5],
    ]);
  });

  it('that is forgotten is gone', async () => {
    const result = await scene.add.delay(1, 2);
    await result.get({ timeout: 60 });
    await result.forget();
    expect(await result.state()).toBe('PENDING');
  });

  it('has the results of tasks that its task sent for children', async () => {
    const { app, add } = scene;
    const parent = app.task('demo.parent', { bind: true }, async (self) => {
      await self.send('demo.add', [1, 2]);
      await self.send(add.s(3, 4));
      return 'sent';
    });
    const result = await parent.delay();
    await result.get({ timeout: 60 });
    const children = await result.children();
    expect(await Promise.all(children.map((child) => child.get({ timeout: 60 })))).toEqual([3, 7]);
  });

  it('without a result store says what to do', async () => {
    await using app = new App('demo', { broker: 'memory://no-results' });
    const result = await app.sendTask('x');
    await expect(result.get()).rejects.toThrow('give it a resultBackend');
    expect(app.hasResultStore).toBe(false);
  });
});

describe('progress', () => {
  it('is told to who listens, until the task ends', async () => {
    const { app, results } = scene;
    const result = app.AsyncResult<string>('watched');
    const told: unknown[] = [];
    const first = new Promise<void>((resolve) => {
      result.on('progress', (meta, state) => {
        told.push([state, meta]);
        resolve();
      });
    });
    const ready = new Promise<string>((resolve) =>
      result.on('ready', (document) => resolve(document.status)),
    );
    await results.storeResult({ taskId: 'watched', status: 'STARTED', result: {} });
    await results.updateState('watched', 'PROGRESS', { done: 1 });
    await first;
    await results.storeResult({ taskId: 'watched', status: 'SUCCESS', result: 'end' });
    expect(await ready).toBe('SUCCESS');
    expect(told).toEqual([['PROGRESS', { done: 1 }]]);
    expect(await result.get()).toBe('end');
  });

  it('is not told any more to who stopped listening', async () => {
    const { app, results } = scene;
    const result = app.AsyncResult('watched');
    const told: unknown[] = [];
    const listener = (meta: unknown): void => void told.push(meta);
    result.on('progress', listener).off('progress', listener);
    await results.updateState('watched', 'PROGRESS', 1);
    const other = app.AsyncResult('watched');
    await new Promise<void>((resolve) => other.on('progress', () => resolve()));
    await results.storeResult({ taskId: 'watched', status: 'SUCCESS' });
    expect(told).toEqual([]);
  });
});
