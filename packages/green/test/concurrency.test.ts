import { GreenPool } from '@pool/green';
import { describe, expect, it } from 'vitest';
import { gate, nextTurn, started } from './started-pool.js';

/** Jobs that all wait, and how many of them have started. */
function crowd(pool: GreenPool, count: number) {
  const end = gate();
  const counts = { started: 0, running: 0, most: 0 };
  const jobs = Array.from({ length: count }, () =>
    pool.applyAsync(async () => {
      counts.started += 1;
      counts.running += 1;
      counts.most = Math.max(counts.most, counts.running);
      await end.promise;
      counts.running -= 1;
    }),
  );
  return { counts, end: end.open, results: Promise.all(jobs.map((job) => job.result)) };
}

describe('the bound of a green pool', () => {
  it('is 100 when nothing is said', () => {
    expect(new GreenPool().limit).toBe(100);
  });

  it('holds, and everything runs', async () => {
    const pool = await started({ limit: 7 });
    const { counts, end, results } = crowd(pool, 50);
    await expect.poll(() => counts.started).toBe(7);
    await nextTurn();
    expect(counts.started).toBe(7);
    end();
    await results;
    expect(counts).toEqual({ started: 50, running: 0, most: 7 });
  });

  it('starts no job within the call that hands it in', async () => {
    const pool = await started();
    const order: string[] = [];
    const job = pool.applyAsync(() => order.push('job'));
    order.push('caller');
    await job.result;
    expect(order).toEqual(['caller', 'job']);
  });

  it('grows while jobs wait', async () => {
    const pool = await started({ limit: 2 });
    const { counts, end, results } = crowd(pool, 10);
    await expect.poll(() => counts.started).toBe(2);
    await pool.grow(3);
    await expect.poll(() => counts.started).toBe(5);
    expect(pool.info).toMatchObject({ 'max-concurrency': 5, 'running-threads': 5, 'free-threads': 0 });
    end();
    await results;
    expect(counts.most).toBe(5);
  });

  it('shrinks as running jobs end', async () => {
    const pool = await started({ limit: 5 });
    const first = crowd(pool, 5);
    await expect.poll(() => first.counts.started).toBe(5);
    await pool.shrink(4);
    const then = crowd(pool, 3);
    await nextTurn();
    expect(pool.info).toMatchObject({ 'max-concurrency': 1, 'running-threads': 5, 'free-threads': 0 });
    expect(then.counts.started).toBe(0);
    first.end();
    await first.results;
    await expect.poll(() => then.counts.started).toBe(1);
    expect(pool.info).toMatchObject({ 'running-threads': 1, 'free-threads': 0 });
    then.end();
    await then.results;
    expect(then.counts.most).toBe(1);
  });

  it('shrinks and grows again without losing a slot', async () => {
    const pool = await started({ limit: 4 });
    const warm = crowd(pool, 4);
    warm.end();
    await warm.results;
    await pool.shrink(3);
    await pool.grow(5);
    const { counts, end, results } = crowd(pool, 20);
    await expect.poll(() => counts.started).toBe(6);
    end();
    await results;
    expect(counts.most).toBe(6);
  });

  it('tells free and running slots', async () => {
    const pool = await started({ limit: 3 });
    expect(pool.info).toMatchObject({ 'free-threads': 3, 'running-threads': 0 });
    const { counts, end, results } = crowd(pool, 2);
    await expect.poll(() => counts.started).toBe(2);
    expect(pool.info).toMatchObject({ 'free-threads': 1, 'running-threads': 2 });
    end();
    await results;
    expect(pool.info).toMatchObject({ 'free-threads': 3, 'running-threads': 0 });
  });

  it('lets the event loop turn between many short synchronous jobs', async () => {
    const pool = await started({ limit: 2 });
    let turns = 0;
    let done = false;
    const turn = (): void => {
      turns += 1;
      if (!done) setImmediate(turn);
    };
    setImmediate(turn);
    const spin = (): void => {
      const end = performance.now() + 2;
      while (performance.now() < end);
    };
    const jobs = Array.from({ length: 50 }, () => pool.applyAsync(spin));
    await Promise.all(jobs.map((job) => job.result));
    done = true;
    expect(turns).toBeGreaterThan(3);
  });
});
