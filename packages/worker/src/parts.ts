import type { EventEmitter } from 'node:events';
import type { BasePool } from '@pool/core';
import type { ResultStore } from '@pool/results';
import type { Transport } from '@pool/transport';
import { Autoscaler } from './autoscaler.js';
import { connect } from './connect.js';
import { Consumption } from './consumption.js';
import type { WorkerCounters } from './counters.js';
import { type CreatePoolOptions, createPool } from './create-pool.js';
import { Intake } from './intake.js';
import { Finisher } from './request/finisher.js';
import type { Request } from './request/request.js';
import type { RequestTable } from './request-table.js';
import { Runner } from './runner.js';
import type { TaskGauge } from './task-gauge.js';
import { WaitingRoom } from './waiting-room.js';
import type { WorkerEvents } from './worker-events.js';

/** The parts of a worker that exist while it runs. */
export interface Parts {
  readonly transport: Transport;
  readonly store: ResultStore | undefined;
  readonly pool: BasePool;
  readonly finisher: Finisher;
  readonly runner: Runner;
  readonly waitingRoom: WaitingRoom;
  readonly consumption: Consumption;
  readonly autoscaler: Autoscaler | undefined;
}

/** What the parts of a worker have in common. */
export interface PartsOptions extends CreatePoolOptions {
  readonly counters: WorkerCounters;
  readonly events: EventEmitter<WorkerEvents>;
  readonly requests: RequestTable;
  readonly tasks: TaskGauge;
  /** The queues to take from. */
  readonly queues: readonly string[];
  /** Ends the attempts to connect. */
  readonly signal: AbortSignal;
  isRevoked(id: string): boolean;
}

/**
 * Connects, makes the pool, and joins the parts: a delivery goes through intake, waiting room and runner into the pool,
 * and what comes out of it through the finisher.
 */
export async function buildParts(options: PartsOptions): Promise<Parts> {
  const { app, settings, logger, counters, events, requests, tasks, hostname } = options;
  const { pool, targets } = await createPool(options);
  const { transport, store, storeStatus } = await connect(app, settings, logger, options.signal);
  const common = { app, transport, store, logger, counters, events };
  const onStarted = (): void => {
    tasks.start();
    consumption.adjustNow();
  };
  const onEnded = (request: Request): void => {
    tasks.end(request.acceptedAt !== undefined);
    requests.remove(request, request.verdict?.final === true);
    if (settings.disablePrefetch || consumption.full) consumption.adjust();
  };
  /** Gives back what nothing has begun; what should be held is taken again. */
  const giveBackSurplus = (): void => {
    if (!pool.active) return;
    logger.debug('Tasks have become slow: what was taken ahead and nothing has begun goes back');
    pool.flush().catch((error: unknown) => logger.warn({ err: error }, 'the pool could not be flushed'));
  };
  const finisher = new Finisher({ ...common, storeStatus, onEnded });
  const runner = new Runner({
    ...common,
    pool,
    targets,
    finisher,
    hostname,
    isRevoked: options.isRevoked,
    onStarted,
  });
  const waitingRoom = new WaitingRoom({
    ...settings,
    transport,
    logger,
    start: (request) => runner.start(request),
    onHeldChange: () => consumption.adjust(),
    giveBack: (request) => requests.remove(request, false),
  });
  const intake = new Intake({
    ...common,
    requests,
    host: runner,
    deduplicate: settings.deduplicateSuccessfulTasks,
    admit: (request) => {
      if (!runner.endIfUnwanted(request)) waitingRoom.admit(request);
      autoscaler?.look();
    },
  });
  const consumption = new Consumption({
    ...settings,
    transport,
    logger,
    queues: options.queues,
    onDeliveries: (deliveries) => intake.receive(deliveries),
    slots: () => settings.autoscale?.max ?? pool.numProcesses,
    // What is over the bound has no place of its own, or the bound would be none.
    held: () => Math.min(waitingRoom.held, settings.etaTaskLimit),
    busy: () => requests.size - waitingRoom.held,
    unfinished: () => finisher.pending,
    ended: () => tasks.ended,
    onSurplus: giveBackSurplus,
  });
  const autoscaler =
    settings.autoscale === undefined
      ? undefined
      : new Autoscaler({
          ...settings.autoscale,
          pool,
          logger,
          keepalive: settings.autoscaleKeepalive,
          policy: settings.autoscalePolicy,
          requests,
          wanted: () => requests.size - waitingRoom.held,
          running: () => tasks.running,
        });
  return { transport, store, pool, finisher, runner, waitingRoom, consumption, autoscaler };
}
