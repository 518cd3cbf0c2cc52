import type { Registry } from 'prom-client';
import type { WorkerCounters } from '../counters.js';
import type { Request } from '../request/request.js';
import type { Outcome } from '../tracer/outcome.js';
import type { Worker } from '../worker.js';

/** A worker's numbers in Prometheus's format. */
export interface Metrics {
  readonly contentType: string;
  render(): Promise<string>;
}

/** Counters that are one number for the whole worker, and how they are explained. */
const totals: readonly (readonly [keyof WorkerCounters, string])[] = [
  ['received', 'Messages received'],
  ['requeued', 'Messages given back to be delivered again'],
  ['setAside', 'Messages refused and set aside'],
  ['redelivered', 'Messages that had been delivered before'],
  ['deduplicated', 'Redelivered messages that were not run again'],
  ['unstored', 'Outcomes that could not be stored'],
  ['stale', 'Acknowledgements that came too late'],
  ['childrenLost', 'Pool children lost'],
  ['childrenRecycled', 'Pool children replaced'],
  ['reconnects', 'Reconnects to the broker'],
];

const seconds = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600];

/** Begins to measure. `prom-client` is loaded only now, by workers that serve metrics. */
export async function createMetrics(worker: Worker): Promise<Metrics> {
  const { Counter, Gauge, Histogram, Registry } = await import('prom-client');
  const registry: Registry = new Registry();
  const registers = [registry];
  registry.setDefaultLabels({ worker: worker.hostname });

  const tasks = new Counter({
    name: 'pool_tasks_total',
    help: 'Tasks ended, by name and state',
    labelNames: ['task', 'state'],
    registers,
  });
  const runtime = new Histogram({
    name: 'pool_task_runtime_seconds',
    help: 'How long tasks ran',
    labelNames: ['task'],
    buckets: seconds,
    registers,
  });
  const wait = new Histogram({
    name: 'pool_task_wait_seconds',
    help: 'How long tasks waited here for a slot, their ETA or their rate',
    labelNames: ['task'],
    buckets: seconds,
    registers,
  });
  const ended =
    (state: string) =>
    (request: Request, outcome?: Outcome | string | boolean): void => {
      const task = request.headers.task;
      tasks.inc({ task, state });
      if (Array.isArray(outcome)) runtime.observe({ task }, outcome[2] as number);
    };
  worker.on('taskStarted', (request) => {
    wait.observe({ task: request.headers.task }, (performance.now() - request.receivedAt) / 1000);
  });
  worker.on('taskSucceeded', ended('succeeded'));
  worker.on('taskFailed', ended('failed'));
  worker.on('taskRetried', ended('retried'));
  worker.on('taskRevoked', ended('revoked'));
  worker.on('taskIgnored', ended('ignored'));
  worker.on('taskRejected', ended('rejected'));

  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  gauge('pool_slots', 'Slots of the pool', () => worker.concurrency);
  gauge('pool_tasks_running', 'Tasks that run now', () => worker.running);
  gauge(
    'pool_tasks_held',
    'Messages held: running, waiting for a slot, an ETA or a rate',
    () => worker.requests.size,
  );
  gauge(
    'pool_prefetch',
    'Messages that may be held unacknowledged; 0 is unlimited',
    () => worker.consumption?.prefetch ?? 0,
  );
  for (const [name, help] of totals) {
    new Counter({
      name: `pool_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_total`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(worker.counters[name]);
      },
    });
  }
  return { contentType: registry.contentType, render: () => registry.metrics() };
}
