import { chain, chord, group } from '@pool/app';
import { ChordError, TaskError } from '@pool/results';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Demo, demo } from './support/demo-app.js';

let scene: Demo;
const timeout = 20;

beforeEach(async () => {
  scene = await demo();
});
afterEach(() => scene[Symbol.asyncDispose]());

describe('a chain', () => {
  it('calls each task with the result of the one before', async () => {
    const { add } = scene;
    const result = await chain(add.s(1, 2), add.s(3), add.s(4)).delay();
    expect(await result.get({ timeout })).toBe(10);
    expect(await result.parent?.get({ timeout })).toBe(6);
    expect(await result.parent?.parent?.get({ timeout })).toBe(3);
    expect(result.parent?.parent?.parent).toBeNull();
  });

  it('passes nothing to an immutable signature', async () => {
    const { add } = scene;
    const result = await chain(add.s(1, 2), add.si(20, 30)).delay();
    expect(await result.get({ timeout })).toBe(50);
  });

  it('lays out chains within it, and takes arguments for its first task', async () => {
    const { add } = scene;
    const inner = chain(add.s(1), chain(add.s(2), add.s(3)));
    const result = await chain(inner, add.s(4)).delay(100);
    expect(await result.get({ timeout })).toBe(110);
  });

  it('keeps root and parent of its tasks', async () => {
    const { add, worker } = scene;
    const result = await chain(add.s(1, 2), add.s(3), add.s(4)).delay();
    await result.get({ timeout });
    const [first, second, third] = worker.runs;
    expect(worker.runs.map((run) => run.request.rootId)).toEqual([first?.id, first?.id, first?.id]);
    expect(worker.runs.map((run) => run.request.parentId)).toEqual([null, first?.id, second?.id]);
    expect(third?.id).toBe(result.id);
  });

  it('fails as the task that failed, and so do the tasks that never ran', async () => {
    const { add, fail, worker } = scene;
    const result = await chain(add.s(1, 2), fail.s(), add.s(3), add.s(4)).delay();
    const error = await result.get({ timeout }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TaskError);
    expect((error as TaskError).excType).toBe('RangeError');
    await expect(result.parent?.get({ timeout })).rejects.toThrow('RangeError: 3');
    expect(worker.runs.map((run) => run.task)).toEqual(['demo.add', 'demo.fail']);
  });

  it('ends with a group', async () => {
    const { add } = scene;
    const result = await chain(add.s(1, 2), group(add.s(10), add.s(20))).delay();
    expect(await result.get({ timeout })).toEqual([13, 23]);
  });

  it('makes a chord of a group and what follows it', async () => {
    const { add, sum } = scene;
    const result = await chain(add.s(1, 2), group(add.s(10), add.s(20)), sum.s(), add.s(1000)).delay();
    expect(await result.get({ timeout })).toBe(1036);
  });

  it('makes a chord even of a group of one, so that a list is a list', async () => {
    const { add, sum } = scene;
    const result = await chain(group(add.s(1, 2)), sum.s()).delay();
    expect(await result.get({ timeout })).toBe(3);
  });

  it('goes through several groups', async () => {
    const { add, sum } = scene;
    const twice = chain(
      group(add.s(1, 1), add.s(2, 2)),
      sum.s(),
      group(add.s(1), add.s(2)),
      sum.s(),
      group(add.s(100), add.s(200)),
    );
    const result = await twice.delay();
    expect(await result.get({ timeout })).toEqual([115, 215]);
  });
});

describe('a group', () => {
  it('gives the results of its tasks in their order', async () => {
    const { add } = scene;
    const result = await group([add.s(1, 1), add.s(2, 2), add.s(3, 3)]).delay();
    expect(await result.get({ timeout })).toEqual([2, 4, 6]);
    expect(await result.successful()).toBe(true);
    expect(await result.completedCount()).toBe(3);
  });

  it('passes its arguments to all its tasks', async () => {
    const { add } = scene;
    const result = await group(add.s(1), add.s(2)).delay(10);
    expect(await result.get({ timeout })).toEqual([11, 12]);
  });

  it('lays out groups within it', async () => {
    const { add } = scene;
    const result = await group(add.s(1, 1), group(add.s(2, 2), add.s(3, 3))).delay();
    expect(await result.get({ timeout })).toEqual([2, 4, 6]);
  });

  it('fails as soon as one of its tasks has failed', async () => {
    const { add, fail, app } = scene;
    const waiting = app.signature('nobody.runs.this').set({ queue: 'nowhere' });
    const result = await group(add.s(1, 1), fail.s('no'), waiting).delay();
    await expect(result.get({ timeout })).rejects.toThrow('RangeError: no');
    expect(await result.ready()).toBe(false);
    expect(await result.failed()).toBe(true);
  });

  it('gives errors among its results when they are not to be thrown', async () => {
    const { add, fail } = scene;
    const result = await group(add.s(1, 1), fail.s('no')).delay();
    const [two, error] = await result.get({ timeout, propagate: false });
    expect(two).toBe(2);
    expect(error).toBeInstanceOf(TaskError);
  });

  it('tells of its tasks as they end', async () => {
    const { add } = scene;
    const result = await group(add.s(1, 1), add.s(2, 2)).delay();
    const ended = new Map<string, unknown>();
    for await (const [id, value] of result) ended.set(id, value);
    expect(result.results.map(({ id }) => ended.get(id))).toEqual([2, 4]);
  });

  it('is found again by its id once it was saved', async () => {
    const { add, app } = scene;
    const result = await group(add.s(1, 1), add.s(2, 2)).delay();
    await result.save();
    const found = await app.groupResult(result.id);
    expect(await found?.get({ timeout })).toEqual([2, 4]);
    await found?.forget();
    expect(await app.groupResult(result.id)).toBeUndefined();
  });

  it('without tasks is refused', () => {
    expect(() => group()).toThrow('a group needs at least one signature');
  });
});

describe('a chord', () => {
  it('calls its body with the results of its header', async () => {
    const { add, sum } = scene;
    const result = await chord([add.s(1, 1), add.s(2, 2)], sum.s()).delay();
    expect(await result.get({ timeout })).toBe(6);
    expect(await result.parent?.get({ timeout })).toEqual([2, 4]);
  });

  it('calls its body with nothing when its header is empty', async () => {
    const { sum } = scene;
    const result = await chord([], sum.s()).delay();
    expect(await result.get({ timeout })).toBe(0);
  });

  it('counts the last task of a chain in its header', async () => {
    const { add, echo } = scene;
    const result = await chord([chain(add.s(1, 1), add.s(2)), add.s(3, 3)], echo.s()).delay();
    expect(await result.get({ timeout })).toEqual([4, 6]);
  });

  it('waits for chords in its header', async () => {
    const { add, sum, echo } = scene;
    const inner = chord([add.s(1, 1), add.s(2, 2)], sum.s());
    const result = await chord([inner, add.s(3, 3)], echo.s()).delay();
    expect(await result.get({ timeout })).toEqual([6, 6]);
  });

  it('passes on nested what a group at the end of a chain in its header gave', async () => {
    const { add, echo } = scene;
    const result = await chord(
      [chain(add.s(1, 1), group(add.s(10), add.s(20))), add.s(3, 3)],
      echo.s(),
    ).delay();
    expect(await result.get({ timeout })).toEqual([[12, 22], 6]);
  });

  it('has a chain for a body', async () => {
    const { add, sum } = scene;
    const result = await chord([add.s(1, 1), add.s(2, 2)], chain(sum.s(), add.s(100))).delay();
    expect(await result.get({ timeout })).toBe(106);
  });

  it('is followed by the rest of its chain', async () => {
    const { add, sum } = scene;
    const result = await chain(add.s(1, 1), chord([add.s(1), add.s(2)], sum.s()), add.s(100)).delay();
    expect(await result.get({ timeout })).toBe(107);
  });

  it('fails with ChordError when its header fails, and so does all that follows', async () => {
    const { add, fail, sum, worker } = scene;
    const body = chain(sum.s(), add.s(1));
    const result = await chord([add.s(1, 1), fail.s('no'), add.s(2, 2)], body).delay();
    const error = await result.get({ timeout }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ChordError);
    expect(String(error)).toContain('RangeError("no")');
    await expect(result.parent?.get({ timeout })).rejects.toBeInstanceOf(ChordError);
    expect(worker.runs.map((run) => run.task)).not.toContain('demo.sum');
  });

  it('fails when a chain in its header fails before its last task', async () => {
    const { add, fail, sum } = scene;
    const result = await chord([chain(fail.s('early'), add.s(1), add.s(2)), add.s(1, 1)], sum.s()).delay();
    await expect(result.get({ timeout })).rejects.toBeInstanceOf(ChordError);
  });

  it('fails when a chord in its header fails', async () => {
    const { add, fail, sum } = scene;
    const inner = chord([add.s(1, 1), fail.s('inner')], sum.s());
    const result = await chord([inner, add.s(3, 3)], sum.s()).delay();
    await expect(result.get({ timeout })).rejects.toBeInstanceOf(ChordError);
  });

  it('leaves nothing behind in the result store', async () => {
    const { add, sum, results } = scene;
    const result = await chord([add.s(1, 1), add.s(2, 2)], sum.s()).delay();
    await result.get({ timeout });
    expect(await results.chordParts(result.parent?.id ?? '')).toEqual([]);
  });
});

describe('callbacks', () => {
  it('are called with the result', async () => {
    const { add, worker } = scene;
    const result = await add
      .s(1, 2)
      .link(add.s(10).set({ taskId: 'linked' }))
      .delay();
    expect(await result.get({ timeout })).toBe(3);
    expect(await scene.app.AsyncResult('linked').get({ timeout })).toBe(13);
    expect(worker.runs[1]?.request.parentId).toBe(result.id);
    const children = await result.children();
    expect(children.map(({ id }) => id)).toEqual(['linked']);
  });

  it('of errors are called with the id of the task that failed', async () => {
    const { fail, echo, app } = scene;
    const result = await fail
      .s('no')
      .linkError(echo.s().set({ taskId: 'errback' }))
      .delay();
    await expect(result.get({ timeout })).rejects.toThrow('RangeError: no');
    expect(await app.AsyncResult('errback').get({ timeout })).toBe(result.id);
  });

  it('of a chain follow its last task, and those of errors each', async () => {
    const { add, fail, echo, app } = scene;
    const good = chain(add.s(1, 2), add.s(3)).link(add.s(10).set({ taskId: 'after chain' }));
    await good.delay();
    expect(await app.AsyncResult('after chain').get({ timeout })).toBe(16);
    const bad = await chain(add.s(1, 2), fail.s())
      .linkError(echo.s().set({ taskId: 'on error' }))
      .delay();
    expect(await app.AsyncResult('on error').get({ timeout })).toBe(bad.id);
  });

  it('of a chord follow its body', async () => {
    const { add, sum, app } = scene;
    await chord([add.s(1, 1), add.s(2, 2)], sum.s())
      .link(add.s(10).set({ taskId: 'after chord' }))
      .delay();
    expect(await app.AsyncResult('after chord').get({ timeout })).toBe(16);
  });

  it('cannot be linked to a group', () => {
    const { add } = scene;
    expect(() => group(add.s(1, 1), add.s(2, 2)).link(add.s(1))).toThrow('make it the header of a chord');
  });

  it('given as options are called too', async () => {
    const { add, app } = scene;
    await add.applyAsync([1, 2], { link: add.s(10).set({ taskId: 'as option' }) });
    expect(await app.AsyncResult('as option').get({ timeout })).toBe(13);
  });
});

describe('items', () => {
  it('are mapped in one task', async () => {
    const { echo, worker } = scene;
    const result = await echo.map([1, 2, 3]).delay();
    expect(await result.get({ timeout })).toEqual([1, 2, 3]);
    expect(worker.runs).toHaveLength(1);
  });

  it('are spread over the arguments by starmap', async () => {
    const { add } = scene;
    const result = await add
      .starmap([
        [1, 2],
        [3, 4],
      ])
      .delay();
    expect(await result.get({ timeout })).toEqual([3, 7]);
  });

  it('are shared out by chunks', async () => {
    const { add, worker } = scene;
    const result = await add
      .chunks(
        [
          [1, 1],
          [2, 2],
          [3, 3],
        ],
        2,
      )
      .delay();
    expect(await result.get({ timeout })).toEqual([[2, 4], [6]]);
    expect(worker.runs).toHaveLength(2);
  });

  it('in chunks can be followed by a task', async () => {
    const { add, echo } = scene;
    const result = await chain(
      add.chunks(
        [
          [1, 1],
          [2, 2],
          [3, 3],
        ],
        2,
      ),
      echo.s(),
    ).delay();
    expect(await result.get({ timeout })).toEqual([[2, 4], [6]]);
  });

  it('of a task nobody knows fail by name', async () => {
    const { app } = scene;
    const unknown = app.signature('celery.map', [], { kwargs: { task: app.signature('no.such'), it: [1] } });
    const result = await unknown.delay();
    await expect(result.get({ timeout })).rejects.toThrow('no.such');
  });
});

describe('a task that is replaced', () => {
  it('has the result of what took its place, and what followed it follows that', async () => {
    const { app, add, sum } = scene;
    const twist = app.task('demo.twist', { bind: true }, (self, x: number) => self.replace(add.s(x, 1)));
    const groups = app.task('demo.groups', { bind: true }, (self, x: number) =>
      self.replace(chord([add.s(x, 1), add.s(x, 2)], sum.s())),
    );
    expect(await (await twist.delay(1)).get({ timeout })).toBe(2);
    expect(await (await chain(twist.s(1), add.s(10)).delay()).get({ timeout })).toBe(12);
    expect(await (await chord([twist.s(1), groups.s(1)], sum.s()).delay()).get({ timeout })).toBe(7);
  });

  it('by a group has the list of its results', async () => {
    const { app, add } = scene;
    const split = app.task('demo.split', { bind: true }, (self) =>
      self.replace(group(add.s(1, 1), add.s(2, 2))),
    );
    expect(await (await split.delay()).get({ timeout })).toEqual([2, 4]);
  });
});

describe('stamps', () => {
  it('go to all tasks of a workflow and all that follow', async () => {
    const { add, sum, worker } = scene;
    const workflow = chord([add.s(1, 1), chain(add.s(1, 1), add.s(2))], sum.s()).link(
      add.s(1).set({ taskId: 'last' }),
    );
    await workflow.stamp({ tenant: 'acme' }).delay();
    await scene.app.AsyncResult('last').get({ timeout });
    expect(worker.runs.map((run) => [run.request.stamps, run.request.headers['tenant']])).toEqual(
      worker.runs.map(() => [{ tenant: 'acme' }, 'acme']),
    );
    expect(worker.runs).toHaveLength(5);
  });
});
