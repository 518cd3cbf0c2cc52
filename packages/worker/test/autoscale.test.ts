import { type AutoscalePolicy, type WorkerLoad, withinEventLoopDelay, withinMemory } from '@pool/worker';
import { describe, expect, test } from 'vitest';
import { memoryApp, runWorker } from './support/in-process.js';
import { startWorker } from './support/process.js';
import { fileSite } from './support/producer.js';

const load: WorkerLoad = {
  wanted: 8,
  running: 2,
  slots: 2,
  min: 1,
  max: 8,
  queueWait: 3,
  memory: 0.5,
  eventLoopDelay: 0.05,
};

describe('a policy', () => {
  test.each([
    ['enough memory', withinMemory(0.8), {}, 8],
    ['no more memory', withinMemory(0.8), { memory: 0.8 }, 2],
    ['too little memory', withinMemory(0.8), { memory: 0.9 }, 1],
    ['too little memory, and less to do', withinMemory(0.8), { memory: 0.9, wanted: 0 }, 0],
    ['a loop in time', withinEventLoopDelay(0.1), {}, 8],
    ['a late loop', withinEventLoopDelay(0.1), { eventLoopDelay: 0.3 }, 1],
    ['both', withinMemory(0.8, withinEventLoopDelay(0.1)), { eventLoopDelay: 0.1 }, 2],
  ] as const)('with %s', (_what, policy, changed, slots) => {
    expect(policy({ ...load, ...changed })).toBe(slots);
  });

  test('refuses a bound that is none', () => {
    expect(() => withinMemory(80)).toThrow(TypeError);
    expect(() => withinEventLoopDelay(0)).toThrow(TypeError);
  });
});

async function gated(autoscalePolicy: AutoscalePolicy) {
  const app = await memoryApp();
  const gate = deferred();
  const wait = app.task('demo.wait', () => gate.promise);
  const options = { pool: 'green', autoscale: '4,1', autoscaleKeepalive: 0.2, autoscalePolicy };
  return { ...(await runWorker(app, options)), wait, release: gate.resolve };
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

test('a policy of your own sees the load and decides, within the bounds', async () => {
  const seen: WorkerLoad[] = [];
  const { worker, wait, release } = await gated((given) => {
    const { wanted, running, slots, min, max, queueWait, memory, eventLoopDelay } = given;
    seen.push({ wanted, running, slots, min, max, queueWait, memory, eventLoopDelay });
    return wanted > 3 ? 100 : Math.min(wanted, 2);
  });
  const first = await Promise.all([wait.delay(), wait.delay(), wait.delay()]);
  await expect.poll(() => worker.running, { timeout: 60_000 }).toBe(2);
  expect(worker.concurrency).toBe(2);
  const second = await Promise.all([wait.delay(), wait.delay(), wait.delay()]);
  await expect.poll(() => worker.running, { timeout: 60_000 }).toBe(4);
  expect(worker.concurrency).toBe(4);
  release();
  await Promise.all([...first, ...second].map((result) => result.get({ timeout: 60 })));
  const last = seen.at(-1) as WorkerLoad;
  expect(last).toMatchObject({ min: 1, max: 4 });
  expect(last.memory).toBeGreaterThan(0);
  expect(last.memory).toBeLessThanOrEqual(1);
  expect(Math.max(...seen.map(({ queueWait }) => queueWait))).toBeGreaterThan(0);
  expect(last.eventLoopDelay).toBeGreaterThanOrEqual(0);
});

test('slots are not added while the event loop is late', async () => {
  const policy = withinEventLoopDelay(0.15);
  let blocked = false;
  const { worker, wait, release } = await gated((given) => {
    const slots = policy(given);
    if (blocked && given.wanted > given.slots && slots <= given.slots) release();
    return blocked ? slots : 1;
  });
  const results = await Promise.all([wait.delay(), wait.delay()]);
  await expect.poll(() => worker.running, { timeout: 60_000 }).toBe(1);
  // The next look begins to measure; then the loop is late.
  blocked = true;
  results.push(await wait.delay());
  const end = performance.now() + 500;
  while (performance.now() < end);
  results.push(await wait.delay());
  // Nothing ends before the policy has held a slot back.
  await Promise.all(results.map((result) => result.get({ timeout: 60 })));
});

test('a policy that throws or answers nonsense leaves the pool as it is, and says so', async () => {
  let calls = 0;
  const { worker, wait, release, lines } = await gated(() => {
    calls += 1;
    if (calls % 2 === 0) return Number.NaN;
    throw new Error('no idea');
  });
  release();
  await (await wait.delay()).get({ timeout: 60 });
  await (await wait.delay()).get({ timeout: 60 });
  expect(worker.concurrency).toBe(1);
  expect(lines.some(({ text }) => text.includes('policy threw'))).toBe(true);
  expect(lines.some(({ text }) => text.includes('no number'))).toBe(true);
});

test.each(['prefork', 'threads'])(
  '%s grows when tasks wait and shrinks when they have ended',
  async (pool) => {
    const site = await fileSite();
    const worker = await startWorker(
      site.env,
      ...['-P', pool, '--autoscale', '3,1', '--set', 'autoscaleKeepalive=0.5'],
    );
    const results = await Promise.all([1, 2, 3].map(() => site.app.sendTask('demo.hold', [500])));
    await worker.line(/Autoscale: adding/);
    for (const result of results) expect(await result.get({ timeout: 60 })).toBe('held');
    await worker.line(/Autoscale: removing/);
    worker.kill('SIGTERM');
    expect(await worker.exited()).toBe(0);
  },
  120_000,
);
