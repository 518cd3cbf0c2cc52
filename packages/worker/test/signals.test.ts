import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type PoolProcess, startWorker } from './support/process.js';
import { fileSite, type Site } from './support/producer.js';

const stuckPool = `${fileURLToPath(new URL('fixtures/stuck-pool.js', import.meta.url))}:StuckPool`;

/** A worker with a late-ack task that runs for so long, in milliseconds. */
async function busyWorker(
  milliseconds: number,
  env: Record<string, string> = {},
  ...args: string[]
): Promise<{ worker: PoolProcess; site: Site; result: Awaited<ReturnType<Site['app']['sendTask']>> }> {
  const site = await fileSite();
  const worker = await startWorker({ ...site.env, ...env }, '-c', '1', ...args);
  const result = await site.app.sendTask('demo.hold', [milliseconds]);
  await expect.poll(() => result.state(), { timeout: 60_000 }).toBe('STARTED');
  return { worker, site, result };
}

/** The task's message is in its queue again, and nobody was told of an end. */
async function expectGivenBack({ site, result }: Awaited<ReturnType<typeof busyWorker>>): Promise<void> {
  expect(await (await site.app.transport()).queueSize('celery')).toBe(1);
  expect(await result.ready()).toBe(false);
}

describe('signals', { timeout: 120_000 }, () => {
  test.each([
    ['SIGINT', 1],
    ['SIGHUP', 0],
  ] as const)('one %s lets the running task finish, and the exit code is %d', async (signal, code) => {
    const { worker, result } = await busyWorker(1000);
    worker.kill(signal);
    expect(await worker.exited()).toBe(code);
    expect(await result.state()).toBe('SUCCESS');
  });

  test('a second SIGINT ends the running task and gives it back', async () => {
    const scene = await busyWorker(600_000);
    scene.worker.kill('SIGINT');
    await scene.worker.line(/warm shutdown/);
    scene.worker.kill('SIGINT');
    expect(await scene.worker.exited()).toBe(1);
    await expectGivenBack(scene);
  });

  test('a second SIGTERM changes nothing, SIGQUIT after it is obeyed', async () => {
    const scene = await busyWorker(600_000);
    scene.worker.kill('SIGTERM');
    await scene.worker.line(/warm shutdown/);
    scene.worker.kill('SIGTERM');
    await scene.worker.line(/stops already/);
    scene.worker.kill('SIGQUIT');
    expect(await scene.worker.exited()).toBe(1);
    await expectGivenBack(scene);
  });

  test('with REMAP_SIGTERM=SIGQUIT a SIGTERM ends the running task and gives it back', async () => {
    const scene = await busyWorker(600_000, { REMAP_SIGTERM: 'SIGQUIT' });
    scene.worker.kill('SIGTERM');
    expect(await scene.worker.exited()).toBe(1);
    await expectGivenBack(scene);
  });

  test('with a soft shutdown SIGQUIT lets the running task finish', async () => {
    const { worker, result } = await busyWorker(1000, {}, '--soft-shutdown-timeout', '100');
    worker.kill('SIGQUIT');
    expect(await worker.exited()).toBe(1);
    expect(await result.state()).toBe('SUCCESS');
  });

  test('a further signal cuts the wait of a soft shutdown', async () => {
    const scene = await busyWorker(600_000, {}, '--soft-shutdown-timeout', '500');
    scene.worker.kill('SIGQUIT');
    await scene.worker.line(/Waiting up to 500 s/);
    scene.worker.kill('SIGQUIT');
    expect(await scene.worker.exited()).toBe(1);
    await expectGivenBack(scene);
  });

  test('one more signal ends the process even when the pool cannot end, and the task is given back', async () => {
    const scene = await busyWorker(600_000, {}, '-P', stuckPool, '--soft-shutdown-timeout', '500');
    scene.worker.kill('SIGQUIT');
    await scene.worker.line(/Waiting up to 500 s/);
    scene.worker.kill('SIGQUIT');
    await scene.worker.line(/cold shutdown without waiting/);
    scene.worker.kill('SIGQUIT');
    await scene.worker.line(/hard exit/);
    expect(await scene.worker.exited()).toBe(1);
    await expectGivenBack(scene);
  });

  test('another worker runs at once what a cold shutdown has ended', async () => {
    const { worker, site, result } = await busyWorker(600_000);
    const other = await startWorker(site.env, '-c', '1');
    worker.kill('SIGQUIT');
    expect(await worker.exited()).toBe(1);
    await other.line(({ msg, taskId }) => taskId === result.id && / received$/.test(msg));
  });

  test('on SIGUSR1 the worker tells what it is at, and goes on', async () => {
    const { worker, site, result } = await busyWorker(600_000);
    const reserved = await site.app.sendTask('demo.hold', [1]);
    const tells = async (): Promise<boolean> => {
      worker.kill('SIGUSR1');
      await worker.line(({ taskId, status }) => taskId === result.id && status !== undefined);
      return worker.lines.some(({ taskId, status }) => taskId === reserved.id && status !== undefined);
    };
    await expect.poll(tells, { timeout: 60_000, interval: 200 }).toBe(true);

    const summary = worker.lines.filter(({ msg }) => / is running and consumes: /.test(msg)).at(-1);
    expect(summary?.msg).toMatch(/: 1 tasks run, 1 more are held$/);
    expect(summary?.['status']).toMatchObject({
      state: 'running',
      pool: { implementation: expect.stringContaining('PreforkPool'), 'max-concurrency': 1 },
      consumer: { transport: 'connected', consuming: true, queues: ['celery'], prefetch: 4 },
      counters: { received: 2 },
      eventLoop: { turnMs: expect.any(Number), utilization: expect.any(Number) },
      resources: expect.any(Object),
    });
    const [run] = worker.lines.filter(({ taskId, status }) => taskId === result.id && status !== undefined);
    expect(run?.msg).toMatch(/^Task demo\.hold\[.+\] runs for \d+(\.\d)? s in process \d+$/);
    expect(run?.['status']).toMatchObject({ state: 'accepted', seconds: expect.any(Number) });
    expect(run?.['status']).not.toMatchObject({ pid: worker.process.pid });
    const [held] = worker.lines.filter(
      ({ taskId, status }) => taskId === reserved.id && status !== undefined,
    );
    expect(held?.msg).toMatch(/ is reserved, received \d+(\.\d)? s ago$/);

    expect(worker.stderr).not.toMatch(/Debugger listening/);
    worker.kill('SIGQUIT');
    expect(await worker.exited()).toBe(1);
  });
});
