import { performance } from 'node:perf_hooks';
import type { WorkerLogger } from '../logging/logger.js';
import type { Request } from '../request/request.js';
import type { Worker } from '../worker.js';

/** Tasks that get a line of their own; a worker may hold thousands. */
const MAX_LINES = 200;

/**
 * Logs what a worker is at, as warnings, so that they are seen at most levels: a line for the worker, with its pool, its
 * consumer and its event loop, then one for each task, those that run first.
 */
export async function logStatus(worker: Worker, logger: WorkerLogger): Promise<void> {
  const turn = await turnOfTheLoop();
  const requests = [...worker.requests];
  const running = requests.filter(isRunning).sort((a, b) => (a.acceptedAt ?? 0) - (b.acceptedAt ?? 0));
  const others = requests.filter((request) => !isRunning(request));
  const { hostname, state, consumption, transport } = worker;
  const now = performance.now();
  logger.warn(
    {
      status: {
        state,
        pool: worker.pool?.info,
        consumer: {
          transport: transport?.state,
          consuming: consumption?.consuming ?? false,
          queues: worker.queues,
          prefetch: consumption?.prefetch,
          // Absent when there was no answer yet.
          ...(consumption?.lastPollAt ? { silentFor: secondsBetween(consumption.lastPollAt, now) } : {}),
        },
        counters: worker.counters,
        eventLoop: {
          turnMs: Math.round(turn * 10) / 10,
          utilization: Math.round(performance.eventLoopUtilization().utilization * 1000) / 1000,
        },
        resources: countEach(process.getActiveResourcesInfo()),
        memoryMB: Math.round(process.memoryUsage.rss() / 2 ** 20),
      },
    },
    `${hostname} is ${state}${consumption?.consuming === true ? ' and consumes' : ', and does not consume'}: ${running.length} tasks run, ${others.length} more are held`,
  );
  const all = [...running, ...others];
  for (const request of all.slice(0, MAX_LINES)) logRequest(request, now, logger);
  if (all.length > MAX_LINES) logger.warn(`… and ${all.length - MAX_LINES} more tasks`);
}

function isRunning({ state }: Request): boolean {
  return state === 'accepted';
}

function logRequest(request: Request, now: number, logger: WorkerLogger): void {
  const { id, headers, name, state, pid, acceptedAt, receivedAt } = request;
  const runs = isRunning(request) && acceptedAt !== undefined;
  const seconds = secondsBetween(runs ? acceptedAt * 1000 : receivedAt, now);
  logger.warn(
    { taskId: id, taskName: headers.task, status: { state, pid, seconds } },
    `Task ${name}[${id}] ${runs ? `runs for ${seconds} s in process ${pid}` : `is ${state}, received ${seconds} s ago`}`,
  );
}

/** How many milliseconds the event loop takes to come round now. */
function turnOfTheLoop(): Promise<number> {
  const begun = performance.now();
  return new Promise((resolve) => {
    setImmediate(() => setImmediate(() => resolve(performance.now() - begun)));
  });
}

function secondsBetween(from: number, to: number): number {
  return Math.round((to - from) / 100) / 10;
}

function countEach(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
