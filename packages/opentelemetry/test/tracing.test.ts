import { propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { App, chain, chord, group, Ignore, Reject } from '@pool/app';
import { openTelemetry } from '@pool/opentelemetry';
import { beforeEach, describe, expect, it } from 'vitest';
import { onEnd, runWorker, tracedApp } from './support/site.js';
import { ended, forget, inSpan, only, path } from './support/spans.js';

beforeEach(forget);

const settled = (ids: readonly { get(options: object): Promise<unknown> }[]): Promise<unknown> =>
  Promise.allSettled(ids.map((result) => result.get({ timeout: 60 })));

describe('a task that is sent and run', () => {
  it('is one trace: the sender, the message, the run, what the run does', async () => {
    const app = await tracedApp();
    const add = app.task('demo.add', async (x: number, y: number) => inSpan('inside', async () => x + y));
    const worker = await runWorker(app);
    const result = await inSpan('request', () => add.delay(2, 3));
    expect(await result.get({ timeout: 60 })).toBe(5);
    await worker.stop();

    expect(path(only('inside'))).toEqual(['request', 'send demo.add', 'process demo.add', 'inside']);
    const [send, run] = [only('send demo.add'), only('process demo.add')];
    expect([send.kind, run.kind]).toEqual([SpanKind.PRODUCER, SpanKind.CONSUMER]);
    expect(send.attributes).toMatchObject({
      'messaging.system': 'celery',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'celery',
      'messaging.message.id': result.id,
      'celery.task_name': 'demo.add',
    });
    expect(run.attributes).toMatchObject({
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'celery',
      'messaging.message.id': result.id,
      'messaging.message.conversation_id': result.id,
      'celery.hostname': worker.hostname,
      'celery.state': 'SUCCESS',
    });
    expect(run.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('begins a trace when nothing is active, and gives tasks of one turn traces of their own', async () => {
    const app = await tracedApp();
    const add = app.task('demo.add', (x: number, y: number) => x + y);
    const worker = await runWorker(app);
    await settled(await Promise.all([add.delay(1, 1), add.delay(2, 2)]));
    await worker.stop();
    const runs = ended().filter(({ name }) => name === 'process demo.add');
    expect(runs.map(path)).toEqual([
      ['send demo.add', 'process demo.add'],
      ['send demo.add', 'process demo.add'],
    ]);
    expect(new Set(runs.map((run) => run.spanContext().traceId)).size).toBe(2);
  });

  it('carries baggage into the task', async () => {
    const app = await tracedApp();
    const tenant = app.task(
      'demo.tenant',
      async () => propagation.getActiveBaggage()?.getEntry('tenant')?.value,
    );
    await runWorker(app);
    const baggage = { baggage: 'tenant=acme' };
    const result = await tenant.applyAsync([], { headers: baggage });
    expect(await result.get({ timeout: 60 })).toBe('acme');
  });

  it('of Python, instrumented there, goes on with its trace', async () => {
    const app = await tracedApp();
    app.task('demo.add', (x: number, y: number) => x + y);
    const worker = await runWorker(app);
    // What opentelemetry-instrumentation-celery leaves in the headers, seen from a broker.
    const plain = new App('python', app.options.broker === undefined ? {} : { broker: app.options.broker });
    onEnd(() => plain.close());
    const done = new Promise((resolve) => worker.once('taskSucceeded', resolve));
    await plain.sendTask('demo.add', [1, 2], {
      headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=b' },
    });
    await done;
    await worker.stop();
    const run = only('process demo.add');
    expect(run.spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(run.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(run.parentSpanContext?.isRemote).toBe(true);
    expect(run.spanContext().traceState?.serialize()).toBe('a=b');
  });

  it.each([
    ['no text', { traceparent: 5, baggage: { a: 1 }, tracestate: ['x'] }],
    ['nonsense', { traceparent: '00-zz', baggage: ';;;=,,,', tracestate: '=====' }],
  ])('runs in a trace of its own when the headers are %s', async (_what, headers) => {
    const app = await tracedApp();
    app.task('demo.add', (x: number, y: number) => x + y);
    const worker = await runWorker(app);
    const plain = new App('hostile', app.options.broker === undefined ? {} : { broker: app.options.broker });
    onEnd(() => plain.close());
    const done = new Promise((resolve) => worker.once('taskSucceeded', resolve));
    await plain.sendTask('demo.add', [1, 2], { headers });
    await done;
    await worker.stop();
    expect(only('process demo.add').parentSpanContext).toBeUndefined();
  });

  it('links to the sender instead, when told so', async () => {
    const app = await tracedApp({ telemetry: openTelemetry({ relation: 'link' }) });
    const add = app.task('demo.add', (x: number, y: number) => x + y);
    const worker = await runWorker(app);
    await settled([await inSpan('request', () => add.delay(2, 3))]);
    await worker.stop();
    const [send, run] = [only('send demo.add'), only('process demo.add')];
    expect(path(run)).toEqual(['process demo.add']);
    expect(run.spanContext().traceId).not.toBe(send.spanContext().traceId);
    expect(run.links.map(({ context }) => context.spanId)).toEqual([send.spanContext().spanId]);
  });

  it('refuses a relation there is not', () => {
    expect(() => openTelemetry({ relation: 'sibling' as 'child' })).toThrow(TypeError);
  });
});

describe('how a run ended', () => {
  it('stands on its span', async () => {
    const app = await tracedApp();
    const fails = app.task('demo.fails', () => {
      throw new RangeError('out of luck');
    });
    const ignores = app.task('demo.ignores', () => {
      throw new Ignore();
    });
    const rejects = app.task('demo.rejects', { acksLate: true }, () => {
      throw new Reject('broken');
    });
    const worker = await runWorker(app);
    const left = new Set(['taskFailed', 'taskIgnored', 'taskRejected'] as const);
    const all = new Promise<void>((resolve) => {
      for (const name of left)
        worker.once(name, () => {
          left.delete(name);
          if (left.size === 0) resolve();
        });
    });
    await Promise.all([fails.delay(), ignores.delay(), rejects.delay()]);
    await all;
    await worker.stop();

    const failed = only('process demo.fails');
    expect(failed.status).toEqual({ code: SpanStatusCode.ERROR, message: 'out of luck' });
    expect(failed.attributes).toMatchObject({ 'celery.state': 'FAILURE', 'error.type': 'RangeError' });
    expect(failed.events[0]).toMatchObject({
      name: 'exception',
      attributes: { 'exception.type': 'RangeError', 'exception.message': 'out of luck' },
    });
    expect(String(failed.events[0]?.attributes?.['exception.stacktrace'])).toContain('tracing.test');
    expect(only('process demo.ignores').status.code).toBe(SpanStatusCode.UNSET);
    expect(only('process demo.ignores').attributes['celery.state']).toBe('IGNORED');
    expect(only('process demo.rejects').status.code).toBe(SpanStatusCode.ERROR);
    expect(only('process demo.rejects').attributes['celery.state']).toBe('REJECTED');
  });

  it('is told of a task that was revoked before it ran', async () => {
    const app = await tracedApp();
    const add = app.task('demo.add', (x: number, y: number) => x + y);
    const worker = await runWorker(app);
    worker.revoke('unwanted');
    const revoked = new Promise((resolve) => worker.once('taskRevoked', resolve));
    await add.applyAsync([1, 2], { taskId: 'unwanted' });
    await revoked;
    await worker.stop();
    expect(only('process demo.add').attributes['celery.state']).toBe('REVOKED');
    expect(path(only('process demo.add'))).toEqual(['send demo.add', 'process demo.add']);
  });

  it('is told of a message that could not be sent', async () => {
    const app = await tracedApp({ broker: 'redis://127.0.0.1:1', taskPublishRetry: false });
    await expect(app.sendTask('demo.add', [1, 2])).rejects.toThrow();
    expect(ended().filter(({ name }) => name === 'process demo.add')).toEqual([]);
    expect(only('send demo.add').status.code).toBe(SpanStatusCode.ERROR);
  });
});

describe('what follows a task', () => {
  it('is in its trace: every try of a retry after the one before', async () => {
    const app = await tracedApp();
    const flaky = app.task('demo.flaky', { bind: true }, (self) => {
      if (self.request.retries < 2) self.retry({ countdown: 0, error: new Error('not yet') });
      return self.request.retries;
    });
    const worker = await runWorker(app);
    const result = await inSpan('request', () => flaky.delay());
    expect(await result.get({ timeout: 60 })).toBe(2);
    await worker.stop();
    const runs = ended().filter(({ name }) => name === 'process demo.flaky');
    expect(runs.map(({ attributes }) => attributes['celery.state'])).toEqual(['RETRY', 'RETRY', 'SUCCESS']);
    expect(runs.map(({ attributes }) => attributes['celery.retries'])).toEqual([undefined, 1, 2]);
    expect(runs[0]?.events[0]).toMatchObject({
      name: 'retry',
      attributes: { 'exception.message': 'not yet' },
    });
    const once = ['send demo.flaky', 'process demo.flaky'];
    expect(path(runs[2] as never)).toEqual(['request', ...once, ...once, ...once]);
  });

  it('is in its trace: the next of a chain, callbacks, errbacks, children, what replaces it', async () => {
    const app = await tracedApp();
    const add = app.task('demo.add', (x: number, y: number) => x + y);
    const note = app.task('demo.note', (x: number) => x);
    const alarm = app.task('demo.alarm', (id: string) => id);
    const fails = app.task('demo.fails', () => {
      throw new RangeError('out of luck');
    });
    const parent = app.task('demo.parent', { bind: true }, async (self) => {
      await self.send('demo.child');
      self.replace(note.s(7));
    });
    app.task('demo.child', () => 1);
    const worker = await runWorker(app);
    const left = new Set(['demo.note', 'demo.alarm', 'demo.child', 'demo.second']);
    app.task('demo.second', (x: number) => x);
    const all = new Promise<void>((resolve) => {
      worker.on('taskSucceeded', ({ headers }) => {
        left.delete(headers.task);
        if (left.size === 0) resolve();
      });
    });
    await chain(add.s(1, 2), app.signature('demo.second')).delay();
    await fails.s().linkError(alarm.s()).delay();
    await parent.delay();
    await all;
    await worker.stop();

    expect(path(only('process demo.second'))).toEqual([
      'send demo.add',
      'process demo.add',
      'send demo.second',
      'process demo.second',
    ]);
    expect(path(only('process demo.alarm')).slice(1)).toEqual([
      'process demo.fails',
      'send demo.alarm',
      'process demo.alarm',
    ]);
    for (const name of ['demo.child', 'demo.note'])
      expect(path(only(`process ${name}`)).slice(1)).toEqual([
        'process demo.parent',
        `send ${name}`,
        `process ${name}`,
      ]);
  });

  it('is in its trace: the members of a group, and the body of a chord after its last member', async () => {
    const app = await tracedApp();
    const add = app.task('demo.add', (x: number, y: number) => x + y);
    const sum = app.task('demo.sum', (all: number[]) => all.reduce((a, b) => a + b, 0));
    const worker = await runWorker(app);
    const result = await inSpan('request', () => chord(group(add.s(1, 2), add.s(3, 4)), sum.s()).delay());
    expect(await result.get({ timeout: 60 })).toBe(10);
    await worker.stop();
    const members = ended().filter(({ name }) => name === 'process demo.add');
    expect(members.map(path)).toEqual([
      ['request', 'send demo.add', 'process demo.add'],
      ['request', 'send demo.add', 'process demo.add'],
    ]);
    expect(members.every(({ attributes }) => typeof attributes['celery.group'] === 'string')).toBe(true);
    expect(path(only('process demo.sum'))).toEqual([
      'request',
      'send demo.add',
      'process demo.add',
      'send demo.sum',
      'process demo.sum',
    ]);
  });
});

describe('without telemetry', () => {
  it('adds no headers and makes no spans, even when a trace is active', async () => {
    const app = await tracedApp({ telemetry: undefined as never });
    const add = app.task('demo.add', (x: number, y: number) => x + y);
    const worker = await runWorker(app);
    const headers = new Promise<object>((resolve) => {
      worker.once('taskReceived', ({ message }) => resolve(message.headers));
    });
    await inSpan('request', () => add.delay(1, 2));
    expect(Object.keys(await headers)).not.toContain('traceparent');
    await worker.stop();
    expect(ended().map(({ name }) => name)).toEqual(['request']);
    expect(trace.getActiveSpan()).toBeUndefined();
  });
});
