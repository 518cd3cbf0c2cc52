import { randomUUID } from 'node:crypto';
import { App, type AppOptions, type Task } from '@pool/app';
import { MemoryResults } from '@pool/testkit/results';
import { InlineWorker } from './inline-worker.js';

/** An app of its own, on a broker and a result store in memory, with a worker and some tasks. */
export interface Demo extends AsyncDisposable {
  readonly app: App;
  readonly worker: InlineWorker;
  readonly results: MemoryResults;
  readonly add: Task<[x: number, y: number], number>;
  readonly sum: Task<[numbers: number[]], number>;
  readonly echo: Task<[value: unknown], unknown>;
  readonly fail: Task<[message: unknown], never>;
}

/** @param queues what the worker consumes; nothing, and there is only the app. */
export async function demo(options: AppOptions = {}, queues: readonly string[] = ['celery']): Promise<Demo> {
  const place = randomUUID();
  const results = new MemoryResults(place);
  const app = new App('demo', { broker: `memory://${place}`, resultBackend: results, ...options });
  const add = app.task('demo.add', { params: ['x', 'y'] }, (x: number, y: number) => x + y);
  const sum = app.task('demo.sum', (numbers: number[]) => numbers.reduce((a, b) => a + b, 0));
  const echo = app.task('demo.echo', (value: unknown) => value);
  const fail = app.task('demo.fail', (message: unknown): never => {
    throw new RangeError(String(message));
  });
  const worker = new InlineWorker(app);
  if (queues.length > 0) await worker.start(...queues);
  return {
    app,
    worker,
    results,
    add,
    sum,
    echo,
    fail,
    async [Symbol.asyncDispose]() {
      await worker.stop();
      await app.close();
      await results.close();
      MemoryResults.drop(place);
    },
  };
}
