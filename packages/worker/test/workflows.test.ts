import { chain, chord, group } from '@pool/app';
import { ChordError } from '@pool/results';
import { expect, test, vi } from 'vitest';
import { memoryApp, runWorker } from './support/in-process.js';

test('chains, groups, chords, links and replaced tasks run to their end', async () => {
  const app = await memoryApp();
  const add = app.task('demo.add', (x: number, y: number) => x + y);
  const sum = app.task('demo.sum', (numbers: number[]) => numbers.reduce((a, b) => a + b, 0));
  const fail = app.task('demo.fail', (): number => {
    throw new RangeError('no');
  });
  const seen: string[] = [];
  const note = app.task('demo.note', (what: unknown) => {
    seen.push(JSON.stringify(what));
  });
  const instead = app.task('demo.instead', { bind: true }, (self, n: number) => self.replace(add.s(n, 40)));
  await runWorker(app, { pool: 'green' });
  const get = { timeout: 60 };

  expect(await (await chain(add.s(1, 2), add.s(3), add.s(4)).applyAsync()).get(get)).toBe(10);
  expect(await (await group(add.s(1, 1), add.s(2, 2)).applyAsync()).get(get)).toEqual([2, 4]);
  const whole = chord([add.s(1, 1), add.s(2, 2), add.s(3, 3)], sum.s());
  expect(await (await whole.applyAsync()).get(get)).toBe(12);
  expect(await (await instead.delay(2)).get(get)).toBe(42);

  const broken = chord([add.s(1, 1), fail.s()], sum.s());
  await expect((await broken.applyAsync()).get(get)).rejects.toBeInstanceOf(ChordError);

  await (await add.applyAsync([5, 6], { link: note.s() })).get(get);
  const failed = await fail.applyAsync([], { linkError: note.s() });
  await expect(failed.get(get)).rejects.toThrow('no');
  await expect.poll(() => seen.sort()).toEqual([JSON.stringify(failed.id), '11'].sort());
});

test('a chord counts a member once that was retried', async () => {
  const app = await memoryApp();
  const flaky = app.task('demo.flaky', { bind: true }, (self, n: number) => {
    if (self.request.retries === 0) return self.retry({ countdown: 0 });
    return n;
  });
  const sum = app.task('demo.sum', (numbers: number[]) => numbers.reduce((a, b) => a + b, 0));
  const { worker } = await runWorker(app);
  const result = await chord([flaky.s(1), flaky.s(2), flaky.s(3)], sum.s()).applyAsync();
  expect(await result.get({ timeout: 60 })).toBe(6);
  expect(worker.counters.retried).toBe(3);
});

test('a failure is stored before its errbacks are called, which look for it there, and a success after its followers', async () => {
  const app = await memoryApp();
  const note = app.task('demo.note', () => {});
  const fail = app.task('demo.fail', () => {
    throw new RangeError('no');
  });
  const order: string[] = [];
  const results = await app.resultStore();
  const store = results.store.bind(results);
  vi.spyOn(results, 'store').mockImplementation(async (entries) => {
    await store(entries);
    for (const { id, state } of 'id' in entries ? [entries] : entries) order.push(`${id} ${state}`);
  });
  app.on('beforeTaskPublish', ({ id }) => order.push(id));
  const { worker } = await runWorker(app);
  const calls = [
    fail.applyAsync([], { taskId: 'failing', linkError: note.si().set({ taskId: 'errback' }) }),
    note.applyAsync([], { taskId: 'succeeding', link: note.si().set({ taskId: 'callback' }) }),
  ];
  await Promise.all(calls);
  await expect.poll(() => worker.counters.succeeded, { timeout: 60_000 }).toBe(3);
  const at = (what: string): number => order.indexOf(what);
  expect(order).toHaveLength(8);
  expect(at('failing FAILURE')).toBeLessThan(at('errback'));
  expect(at('callback')).toBeLessThan(at('succeeding SUCCESS'));
});
