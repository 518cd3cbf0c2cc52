import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App, AppOptions } from '@pool/app';
import { Worker, type WorkerOptions } from '@pool/worker';
import { onTestFinished } from 'vitest';
import { interopApp } from '../fixtures/tasks.mjs';
import { type Place, required } from './place.js';

/** Celery's interpreter; without one the file's tests are skipped. */
export const celeryInterpreter = (): Promise<string> => required('celery');

/** Our app on a broker; to be closed. */
export function ourApp(place: Place, options: AppOptions = {}): ReturnType<typeof interopApp> {
  return interopApp({ broker: place.broker, resultBackend: place.resultBackend, ...options });
}

/** A worker of ours in this process; `prepare` may listen to it before it starts. */
export async function ourWorker(
  app: App,
  options: WorkerOptions,
  prepare?: (worker: Worker) => void,
): Promise<Worker> {
  const worker = new Worker(app, { pool: 'green', logLevel: 'fatal', ...options });
  prepare?.(worker);
  await worker.start();
  return worker;
}

/** An empty folder, removed after the test that asks for it. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pool-interop-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
