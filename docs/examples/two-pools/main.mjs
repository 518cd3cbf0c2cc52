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
  /** Sends one task and says when its result came. */
  const timed = async (task, argument) => {
    await (await task.delay(argument)).get({ timeout: 60 });
    return performance.now() - start;
  };
  const [hashed, notified] = await Promise.all(
    [hash, notify].map((task) =>
      Promise.all(Array.from({ length: COUNT }, (_, i) => timed(task, `customer ${i}`))),
    ),
  );
  const last = (times) => `${(Math.max(...times) / 1000).toFixed(2)} s`;
  console.log(`${COUNT} tasks that wait, on green: all back after ${last(notified)}`);
  console.log(`${COUNT} tasks that compute, on prefork: all back after ${last(hashed)}`);
} finally {
  for (const worker of workers) worker.kill('SIGTERM');
  await Promise.all(workers.map((worker) => worker.exitCode ?? once(worker, 'exit')));
  await app.close();
  await rm(home, { recursive: true, force: true });
}
