// Two queues, two workers, two pools: `node docs/examples/two-pools/main.mjs`, after `npm run build`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const COUNT = 50;

const home = await mkdtemp(join(tmpdir(), 'two-pools-'));
process.env['TWO_POOLS_HOME'] = home;
const { app, hash, notify } = await import('./tasks.mjs');

/** What a shell would start as `pool worker -A ./tasks.mjs -Q QUEUE -P POOL`. */
function startWorker(queue, pool) {
  const manifest = createRequire(import.meta.url).resolve('@pool/worker/package.json');
  const command = join(dirname(manifest), createRequire(import.meta.url)(manifest).bin.pool);
  const args = [
    'worker',
    '-A',
    join(import.meta.dirname, 'tasks.mjs'),
    '-Q',
    queue,
    '-P',
    pool,
    '-n',
    `${queue}@%h`,
  ];
  return spawn(process.execPath, [command, ...args, '-l', 'warning', '--quiet'], { stdio: 'inherit' });
}

const workers = [startWorker('cpu', 'prefork'), startWorker('io', 'green')];
try {
  // The first of each waits until its worker is up.
  await Promise.all(
    [hash.delay('warm up'), notify.delay('warm up')].map(async (sent) => (await sent).get({ timeout: 60 })),
  );

  const start = performance.now();
  /** Sends one task and says where it ran and when its result came. */
  const timed = async (task, argument) => {
    const { worker, pid } = await (await task.delay(argument)).get({ timeout: 60 });
    return { worker, pid, time: performance.now() - start };
  };
  const [hashed, notified] = await Promise.all(
    [hash, notify].map((task) =>
      Promise.all(Array.from({ length: COUNT }, (_, i) => timed(task, `customer ${i}`))),
    ),
  );
  /** When the last was back, which workers ran them, and whether in processes of their own. */
  const summary = (all) => {
    const names = [...new Set(all.map(({ worker }) => worker))].join(', ');
    const inside = all.every(({ pid }) => workers.some((worker) => worker.pid === pid));
    const last = Math.max(...all.map(({ time }) => time));
    return `all back after ${(last / 1000).toFixed(2)} s, run by ${names}, ${inside ? 'in its process' : 'in its children'}`;
  };
  console.log(`${COUNT} tasks that wait, on green: ${summary(notified)}`);
  console.log(`${COUNT} tasks that compute, on prefork: ${summary(hashed)}`);
} finally {
  for (const worker of workers) worker.kill('SIGTERM');
  await Promise.all(workers.map((worker) => worker.exitCode ?? once(worker, 'exit')));
  await app.close();
  await rm(home, { recursive: true, force: true });
}
