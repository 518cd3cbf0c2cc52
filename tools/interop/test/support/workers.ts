import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Child, fixtures } from './child.js';
import type { Place } from './place.js';

/** Starts Celery's worker on some queues and waits until it consumes. */
export async function startPythonWorker(
  interpreter: string,
  place: Place,
  queues: readonly string[],
  { pool = 'solo', env = {} }: { pool?: 'solo' | 'prefork'; env?: Record<string, string> } = {},
): Promise<Child> {
  const quiet = ['--without-gossip', '--without-mingle', '--without-heartbeat'];
  const args = [
    '-m',
    'celery',
    '-A',
    'interop_app',
    'worker',
    '-P',
    pool,
    '-c',
    '2',
    '-l',
    'INFO',
    '-Q',
    queues.join(),
  ];
  const worker = new Child(interpreter, [...args, ...quiet], {
    ...place.pythonEnv,
    ...env,
    INTEROP_WORKER: '1',
  });
  await worker.printed(/ ready\./);
  return worker;
}

/** Starts the command `pool worker` and waits until it consumes. */
export async function startPoolCommand(
  place: Place,
  pool: string,
  queues: readonly string[],
): Promise<Child> {
  const root = dirname(createRequire(import.meta.url).resolve('@pool/worker/package.json'));
  const args = ['worker', '-A', join(fixtures, 'app.mjs'), '-P', pool, '-c', '2', '-Q', queues.join()];
  const worker = new Child(process.execPath, [join(root, 'dist/bin.js'), ...args], place.nodeEnv);
  await worker.printed(/ ready\b/);
  return worker;
}
