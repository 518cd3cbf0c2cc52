import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type AppOptions } from '@pool/app';
import { openTelemetry } from '@pool/opentelemetry';
import { Worker, type WorkerLogger } from '@pool/worker';
import { onTestFinished } from 'vitest';

/** Runs at the end of the test, last registered first. */
export function onEnd(cleanup: () => unknown): void {
  onTestFinished(async () => {
    await cleanup();
  });
}

export async function scratchFolder(): Promise<string> {
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = await mkdtemp(join(base, 'pool-opentelemetry-'));
  onEnd(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** A traced app on a broker in this process. */
export async function tracedApp(options: AppOptions = {}): Promise<App> {
  const app = new App('traced', {
    broker: `memory://${randomUUID()}`,
    resultBackend: `filesystem://${await scratchFolder()}`,
    telemetry: openTelemetry(),
    ...options,
  });
  onEnd(() => app.close());
  return app;
}

const nothing = (): void => {};
const quiet: WorkerLogger = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  child: () => quiet,
  isLevelEnabled: () => false,
};

/** A running worker of the app. Stop it to be sure that all its spans have ended. */
export async function runWorker(app: App): Promise<Worker> {
  const worker = new Worker(app, { pool: 'green', logger: quiet });
  onEnd(() => worker.terminate());
  await worker.start();
  return worker;
}
