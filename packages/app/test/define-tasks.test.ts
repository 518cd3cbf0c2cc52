import {
  AlreadyRegisteredError,
  App,
  type AsyncResult,
  ConfigError,
  chain,
  chord,
  type GroupResult,
  group,
  type SentTask,
  type Signature,
  type Task,
} from '@pool/app';
import { describe, expect, expectTypeOf, it } from 'vitest';

describe('a task', () => {
  it('has the type of its function', () => {
    const app = new App('types');
    const add = app.task('add', (x: number, y: number) => x + y);
    const later = app.task('later', { bind: true, params: ['path'] }, async (self, path: string) => {
      expectTypeOf(self.request.retries).toEqualTypeOf<number>();
      return path.length > 0;
    });
    expectTypeOf(add).toEqualTypeOf<Task<[x: number, y: number], number>>();
    expectTypeOf(later).toEqualTypeOf<Task<[path: string], boolean>>();
    expectTypeOf(add.delay).parameters.toEqualTypeOf<[x: number, y: number]>();
    expectTypeOf(add.delay).returns.toEqualTypeOf<SentTask<number>>();
    expectTypeOf(add.s(1)).toEqualTypeOf<Signature<number>>();
    expectTypeOf(group(add.s(1, 2), later.s('a')).delay).returns.toEqualTypeOf<
      Promise<GroupResult<[number, boolean]>>
    >();
    expectTypeOf(group([add.s(1, 2)]).delay).returns.toEqualTypeOf<Promise<GroupResult<[number]>>>();
    expectTypeOf<Awaited<ReturnType<AsyncResult<number>['get']>>>().toEqualTypeOf<number>();
    const ends = chain(add.s(1, 2), later.s());
    expectTypeOf<
      Awaited<ReturnType<Awaited<ReturnType<typeof ends.delay>>['get']>>
    >().toEqualTypeOf<boolean>();
    const body = chord([add.s(1, 2)], later.s());
    expectTypeOf<
      Awaited<ReturnType<Awaited<ReturnType<typeof body.delay>>['get']>>
    >().toEqualTypeOf<boolean>();
    // @ts-expect-error a string is no number
    expect(() => add.s('one')).not.toThrow();
    // @ts-expect-error an argument is missing
    expect(() => add.si(1)).not.toThrow();
  });

  it('is found by its name, next to those every app has', () => {
    const app = new App('demo');
    const add = app.task('demo.add', (x: number, y: number) => x + y);
    expect(app.tasks.get('demo.add')).toBe(add);
    expect([...app.tasks.keys()].filter((name) => name.startsWith('celery.')).sort()).toEqual([
      'celery.accumulate',
      'celery.backend_cleanup',
      'celery.chain',
      'celery.chord',
      'celery.chord_unlock',
      'celery.chunks',
      'celery.group',
      'celery.map',
      'celery.starmap',
    ]);
  });

  it('is defined once', () => {
    const app = new App('demo');
    app.task('demo.add', () => 1);
    expect(() => app.task('demo.add', () => 2)).toThrow(AlreadyRegisteredError);
  });

  it('needs a name and a function', () => {
    const app = new App('demo');
    expect(() => app.task('', () => 1)).toThrow(TypeError);
    expect(() => app.task('demo.add', {}, undefined as never)).toThrow('task demo.add needs a function');
  });

  it("has Celery's defaults, then the app's, then its own", () => {
    const app = new App('demo', { taskAcksLate: true, taskTimeLimit: 60, taskSerializer: 'json' });
    const plain = app.task('plain', () => 1);
    expect(plain.options).toMatchObject({
      acksLate: true,
      acksOnFailure: true,
      acksOnTimeout: true,
      maxRetries: 3,
      defaultRetryDelay: 180,
      retryBackoffMax: 600,
      retryJitter: true,
      timeLimit: 60,
      serializer: 'json',
    });
    const own = app.task(
      'own',
      { acksLate: false, timeLimit: 5, maxRetries: null, throws: [RangeError] },
      () => 1,
    );
    expect(own.options).toMatchObject({
      acksLate: false,
      timeLimit: 5,
      maxRetries: null,
      throws: [RangeError],
    });
  });

  it.each([
    [{ maxRetrys: 3 }, 'task t has no setting maxRetrys; did you mean maxRetries?'],
    [{ acks_late: true }, 'task t has no setting acks_late; did you mean acksLate?'],
    [{ timeLimit: '5' }, 'task t: timeLimit must be a number of seconds, 0 or more'],
    [{ maxRetries: 1.5 }, 'task t: maxRetries must be a whole number, 0 or more, or null'],
    [{ autoretryFor: Error }, 'task t: autoretryFor must be a list'],
    [{ onSuccess: 1 }, 'task t: onSuccess must be a function'],
  ])('refuses the options %j', (options, message) => {
    const app = new App('demo');
    expect(() => app.task('t', options as never, () => 1)).toThrow(ConfigError);
    expect(() => app.task('t', options as never, () => 1)).toThrow(message);
  });

  it('runs its function, bound or not', () => {
    const app = new App('demo');
    const self = { name: 'self' } as never;
    const add = app.task('add', (x: number, y: number) => x + y);
    const who = app.task('who', { bind: true }, (me, greeting: string) => `${greeting} ${me.name}`);
    expect(add.run(self, [1, 2])).toBe(3);
    expect(who.run(self, ['hello'])).toBe('hello self');
  });

  it('takes keyword arguments only with params, and says so', () => {
    const app = new App('demo');
    const add = app.task('add', (x: number, y: number) => x + y);
    expect(add.bindArguments([1, 2])).toEqual([1, 2]);
    expect(() => add.bindArguments([1], { y: 2 })).toThrow("add() got an unexpected keyword argument 'y'");
    const bound = app.task(
      'bound',
      { bind: true, params: ['x', 'y'] },
      (_self, x: number, y: number) => x + y,
    );
    expect(bound.bindArguments([1], { y: 2 })).toEqual([1, 2]);
    expect(() => bound.bindArguments([1])).toThrow("bound() missing 1 required positional argument: 'y'");
  });
});
