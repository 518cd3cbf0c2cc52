import { runInNewContext } from 'node:vm';
import { Ignore, Reject } from '@pool/app';
import { TaskRevokedError } from '@pool/results';
import { next, rejection, until } from '@pool/servers/waiting';
import { expect, test } from 'vitest';
import { memoryApp, runWorker } from './support/in-process.js';

test('keyword arguments find their parameters, and a wrong one is a clear failure', async () => {
  const app = await memoryApp();
  const divide = app.task('demo.divide', { params: ['x', 'y'] }, (x: number, y: number) => x / y);
  await runWorker(app);
  const good = await divide.applyAsync([6], { kwargs: { y: 3 } });
  expect(await good.get({ timeout: 60 })).toBe(2);
  const bad = await app.sendTask('demo.divide', [6], { kwargs: { z: 3 } });
  await expect(bad.get({ timeout: 60 })).rejects.toThrow("unexpected keyword argument 'z'");
});

test('a bound task sees its request, and what it stores on its way comes before its result', async () => {
  const app = await memoryApp();
  const work = app.task('demo.work', { bind: true }, async (self, path: string) => {
    await self.updateState('PROGRESS', { done: 1, total: 2 });
    const { id, retries, rootId, headers, deliveryInfo } = self.request;
    return { path, same: id === rootId, retries, tenant: headers['tenant'], queue: deliveryInfo.routingKey };
  });
  await runWorker(app, { pool: 'green' });
  const result = await work.applyAsync(['/a'], { headers: { tenant: 'acme' } });
  const seen: unknown[] = [];
  result.on('progress', (meta, state) => seen.push([state, meta]));
  expect(await result.get({ timeout: 60 })).toEqual({
    path: '/a',
    same: true,
    retries: 0,
    tenant: 'acme',
    queue: 'celery',
  });
  for (const state of seen) expect(state).toEqual(['PROGRESS', { done: 1, total: 2 }]);
});

test('with extended results a state on the way says whose it is, as the result does', async () => {
  const app = await memoryApp({ resultExtended: true });
  let document: unknown;
  const work = app.task('demo.work', { bind: true }, async (self, path: string) => {
    await self.updateState('PROGRESS', { done: 1 });
    await until(async () => {
      document = await app.AsyncResult(self.request.id).document();
      return document !== undefined;
    });
    return path;
  });
  await runWorker(app, { pool: 'green' });
  const result = await work.delay('/a');
  await result.get({ timeout: 60 });
  const said = {
    taskId: result.id,
    name: 'demo.work',
    args: ['/a'],
    kwargs: {},
    retries: 0,
    queue: 'celery',
  };
  expect(document).toMatchObject({ ...said, status: 'PROGRESS', result: { done: 1 } });
  expect(await result.document()).toMatchObject({ ...said, status: 'SUCCESS', result: '/a' });
});

test.each([
  [
    'a string',
    'no luck',
    /^'no luck'\n +\(a string was thrown, which has no stack: throw an Error to see where\)$/,
  ],
  ['an object', { reason: 7 }, /^\{ reason: 7 \}\n +\(an object that is no Error was thrown/],
  [
    'an error whose cause is no error',
    new Error('out', { cause: 'in' }),
    /^Error: out\n.*caused by: 'in'\n/s,
  ],
  ['an error of another realm', runInNewContext("new RangeError('far')"), /^RangeError: far\n +at /],
])('%s that is thrown has a traceback that says what it is', async (_what, thrown, expected) => {
  const app = await memoryApp();
  const fail = app.task('demo.fail', () => {
    throw thrown;
  });
  await runWorker(app, { pool: 'green' });
  const result = await fail.delay();
  await rejection(result.get({ timeout: 60 }));
  expect(await result.traceback()).toMatch(expected);
});

test('hooks run in their order, and one that throws changes nothing', async () => {
  const calls: string[] = [];
  const app = await memoryApp();
  const note = (name: string) => (): void => {
    calls.push(name);
  };
  const good = app.task(
    'demo.good',
    {
      beforeStart: note('before'),
      onSuccess: () => {
        calls.push('success');
        throw new Error('hook');
      },
      afterReturn: note('after'),
    },
    () => 1,
  );
  const bad = app.task('demo.bad', { onFailure: note('failure'), afterReturn: note('after') }, () => {
    throw new Error('no');
  });
  const { lines } = await runWorker(app);
  expect(await (await good.delay()).get({ timeout: 60 })).toBe(1);
  await expect((await bad.delay()).get({ timeout: 60 })).rejects.toThrow('no');
  expect(calls).toEqual(['before', 'success', 'after', 'failure', 'after']);
  expect(lines.some(({ text }) => text.includes('onSuccess of demo.good'))).toBe(true);
});

test('a task that asks for a retry runs again under its id until its retries are used up', async () => {
  const app = await memoryApp();
  const runs: number[] = [];
  const flaky = app.task('demo.flaky', { bind: true, maxRetries: 2 }, (self) => {
    runs.push(self.request.retries);
    return self.retry({ countdown: 0.01, error: new RangeError('not yet') });
  });
  const { worker } = await runWorker(app);
  const result = await flaky.delay();
  await expect(result.get({ timeout: 60 })).rejects.toThrow('RangeError: not yet');
  expect(runs).toEqual([0, 1, 2]);
  expect(worker.counters.retried).toBe(2);
  expect(worker.counters.failed).toBe(1);
});

test('errors that are listed are retried by themselves, with other arguments if the task says so', async () => {
  const app = await memoryApp();
  const odd = app.task(
    'demo.odd',
    { bind: true, autoretryFor: ['RangeError'], retryBackoff: 0.001 },
    (self, n: number) => {
      if (self.request.retries < 2) throw new RangeError('again');
      if (n < 5) return self.retry({ args: [n + 5], countdown: 0 });
      return n;
    },
  );
  await runWorker(app);
  expect(await (await odd.delay(1)).get({ timeout: 60 })).toBe(6);
});

test('Ignore stores nothing, Reject fails the task, and a requeued one is delivered again', async () => {
  const app = await memoryApp();
  const ignored = app.task('demo.ignored', () => {
    throw new Ignore();
  });
  const rejected = app.task('demo.rejected', { acksLate: true }, () => {
    throw new Reject('not mine');
  });
  let tries = 0;
  const moody = app.task('demo.moody', { acksLate: true }, () => {
    tries += 1;
    if (tries < 3) throw new Reject('later', { requeue: true });
    return tries;
  });
  const { worker } = await runWorker(app);
  const gone = next(worker, 'taskIgnored');
  const nothing = await ignored.delay();
  await gone;
  expect(await nothing.state()).toBe('PENDING');
  await expect((await rejected.delay()).get({ timeout: 60 })).rejects.toThrow('not mine');
  expect(await (await moody.delay()).get({ timeout: 60 })).toBe(3);
  expect(worker.counters).toMatchObject({ ignored: 1, rejected: 1, requeued: 2, succeeded: 1 });
});

test('an expired task and a revoked one are not run, and whoever waits learns it', async () => {
  const app = await memoryApp();
  let runs = 0;
  const job = app.task('demo.job', () => {
    runs += 1;
  });
  const { worker } = await runWorker(app);
  const expired = await job.applyAsync([], { expires: new Date(Date.now() - 1000) });
  worker.revoke('the-id');
  const revoked = await job.applyAsync([], { taskId: 'the-id' });
  await expect(revoked.get({ timeout: 60 })).rejects.toBeInstanceOf(TaskRevokedError);
  const document = await expired.document();
  // A broker may drop what has expired by itself.
  if (document !== undefined) expect(document.status).toBe('REVOKED');
  expect(runs).toBe(0);
});

test('a task waits for its ETA, and what waits goes back when the worker stops', async () => {
  const app = await memoryApp();
  const job = app.task('demo.job', { bind: true }, (self) => Date.now() - (self.request.eta?.getTime() ?? 0));
  const { worker } = await runWorker(app);
  const late = await (await job.applyAsync([], { countdown: 0.05 })).get({ timeout: 60 });
  expect(late).toBeGreaterThanOrEqual(0);
  const received = next(worker, 'taskReceived');
  const far = await job.applyAsync([], { countdown: 30 });
  await received;
  await worker.stop();
  expect(worker.requests.size).toBe(0);
  const transport = await app.transport();
  expect(await far.state()).toBe('PENDING');
  expect(await transport.queueSize('celery')).toBe(1);
});

test('a rate limit spaces the starts of its task', async () => {
  const app = await memoryApp();
  const starts: number[] = [];
  const slow = app.task('demo.slow', { rateLimit: '20/s' }, () => {
    starts.push(performance.now());
  });
  const free = app.task('demo.free', () => 'free');
  await runWorker(app, { prefetchMultiplier: 0 });
  const begin = performance.now();
  const results = await Promise.all([slow.delay(), slow.delay(), slow.delay(), slow.delay()]);
  expect(await free.delay().get({ timeout: 60 })).toBe('free');
  await Promise.all(results.map((result) => result.get({ timeout: 60 })));
  // Against the beginning, not against each other: a start that a busy machine delays is made up for by the next.
  for (const [i, start] of starts.entries()) expect(start - begin).toBeGreaterThan(i * 50 - 1);
});

test('a task that its message limits is told by its signal, then ended', async () => {
  const app = await memoryApp();
  const hang = app.task(
    'demo.hang',
    { bind: true },
    (self) =>
      new Promise((_resolve, reject) => {
        self.signal.addEventListener('abort', () => reject(self.signal.reason));
      }),
  );
  const deaf = app.task('demo.deaf', () => new Promise(() => {}));
  await runWorker(app, { pool: 'green' });
  const told = await hang.applyAsync([], { softTimeLimit: 0.05, timeLimit: 10 });
  await expect(told.get({ timeout: 60 })).rejects.toThrow('SoftTimeLimitExceeded');
  const ended = await deaf.applyAsync([], { timeLimit: 0.05 });
  await expect(ended.get({ timeout: 60 })).rejects.toThrow('TimeLimitExceeded');
});

test('a result that has no form fails the task and not the worker', async () => {
  const app = await memoryApp();
  const odd = app.task('demo.odd', () => ({ f: () => 1 }));
  const good = app.task('demo.good', () => 1);
  await runWorker(app);
  await expect((await odd.delay()).get({ timeout: 60 })).rejects.toThrow('result.f');
  expect(await (await good.delay()).get({ timeout: 60 })).toBe(1);
});

test('a redelivered message of a task that has ended here is acknowledged and not run again', async () => {
  const app = await memoryApp();
  let runs = 0;
  const job = app.task('demo.job', { acksLate: true }, () => {
    runs += 1;
    return runs;
  });
  const { worker } = await runWorker(app);
  const [request] = await Promise.all([next(worker, 'taskReceived'), job.delay()]).then(([args]) => args);
  if (request.state !== 'ended') await next(worker, 'taskSucceeded');
  const { delivery } = request;
  expect(worker.requests.recognise(request.headers, delivery)).toBe(true);
  expect(runs).toBe(1);
});
