import { EventEmitter } from 'node:events';
import type { App, ResolvedQueue } from '@pool/app';
import type { BasePool, PoolClass } from '@pool/core';
import { defaultNodename, nodeFormat } from '@pool/message';
import type { Transport } from '@pool/transport';
import { type AppReference, parseAppReference } from './app-reference.js';
import type { Autoscaler } from './autoscaler.js';
import { settingsFromEnvironment } from './config/environment.js';
import { resolveSettings, type SettingsSource } from './config/resolve-settings.js';
import type { Settings } from './config/schema.js';
import type { Consumption } from './consumption.js';
import { createCounters, type WorkerCounters } from './counters.js';
import { WorkerStartError, WorkerStoppedError } from './errors.js';
import { HealthServer } from './health/health-server.js';
import { createMetrics } from './health/metrics.js';
import { LimitedSet } from './limited-set.js';
import { createLogger, type WorkerLogger } from './logging/logger.js';
import { buildParts, type Parts } from './parts.js';
import { within } from './pause.js';
import { RequestTable } from './request-table.js';
import { flushOutcomes, takeNoMore, waitSoftly } from './shutdown.js';
import { declareQueues, whileReconnecting } from './start-up.js';
import { StateDb } from './state-db.js';
import { TaskGauge } from './task-gauge.js';
import { watchPool } from './watch-pool.js';
import { watchTransport } from './watch-transport.js';
import type { WorkerEvents } from './worker-events.js';
import type { WorkerOptions } from './worker-options.js';

/** Where a worker is in its life. */
export type WorkerState = 'new' | 'starting' | 'running' | 'stopping' | 'terminating' | 'stopped';

/**
 * Takes task messages from the app's broker and runs them on a pool.
 *
 * ```ts
 * const worker = new Worker(app, { pool: 'green', concurrency: 50, queues: ['mail'] });
 * await worker.start();
 * // …
 * await worker.stop();
 * ```
 */
export class Worker extends EventEmitter<WorkerEvents> implements AsyncDisposable {
  readonly app: App;
  readonly settings: Settings;
  /** The node's name. */
  readonly hostname: string;
  readonly logger: WorkerLogger;
  readonly counters: WorkerCounters = createCounters();
  readonly requests: RequestTable = new RequestTable();
  /** Ids that are not to be run. */
  readonly revoked: LimitedSet;
  readonly #poolClass: PoolClass | undefined;
  readonly #appReference: AppReference | undefined;
  readonly #abort: AbortController = new AbortController();
  readonly #noSoftWait: AbortController = new AbortController();
  #state: WorkerState = 'new';
  #parts: Parts | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #terminating: Promise<void> | undefined;
  readonly #tasks: TaskGauge = new TaskGauge();
  #failed = false;
  #health: HealthServer | undefined;
  #stateDb: StateDb | undefined;

  /**
   * Settings come from, each before the one it follows: the app's `worker` option, environment variables
   * (`POOL_WORKER_CONCURRENCY`), these options. The command puts its config file and its own options in their places.
   *
   * @throws WorkerConfigError naming every wrong setting
   */
  constructor(app: App, options: WorkerOptions = {}, sources?: readonly SettingsSource[]) {
    super();
    const { pool, logger, appModule, ...rest } = options;
    this.app = app;
    this.settings = resolveSettings(
      sources ?? [
        { from: `the app's worker settings`, settings: app.options.worker ?? {} },
        settingsFromEnvironment(process.env),
        { from: 'the options', settings: { ...rest, pool: typeof pool === 'string' ? pool : undefined } },
      ],
    );
    this.#poolClass = typeof pool === 'function' ? pool : undefined;
    this.#appReference = appModule === undefined ? undefined : parseAppReference(appModule);
    const { logLevel, logFormat, hostname, revokesMax, revokeExpires } = this.settings;
    this.logger = logger ?? createLogger({ level: logLevel, format: logFormat });
    const node = defaultNodename();
    this.hostname = hostname === undefined ? node : defaultNodename(nodeFormat(hostname, node));
    this.revoked = new LimitedSet({ max: revokesMax, expires: revokeExpires });
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** The pool, once the worker has started. */
  get pool(): BasePool | undefined {
    return this.#parts?.pool;
  }

  /** The connection to the broker, once there is one. */
  get transport(): Transport | undefined {
    return this.#parts?.transport;
  }

  /** What it consumes, once the worker has started. */
  get consumption(): Consumption | undefined {
    return this.#parts?.consumption;
  }

  /** Whether the worker ended because its broker stayed away. */
  get failed(): boolean {
    return this.#failed;
  }

  /** How many tasks run at this moment. */
  get running(): number {
    return this.#tasks.running;
  }

  /** The port of `/healthz`, `/readyz` and `/metrics`, if they are served. */
  get healthPort(): number | undefined {
    return this.#health?.port;
  }

  /** What keeps the pool at the right size, if `autoscale` is set. */
  get autoscaler(): Autoscaler | undefined {
    return this.#parts?.autoscaler;
  }

  /** How many slots the pool has. */
  get concurrency(): number {
    return this.#parts?.pool.numProcesses ?? 0;
  }

  /** The queues that are taken from. */
  get queues(): readonly string[] {
    return this.#parts?.consumption.queues ?? this.#queues().map(({ name }) => name);
  }

  /**
   * Connects, brings the pool up, and begins to take messages. Resolves when it does.
   *
   * @throws PoolNotFoundError, TransportNotFoundError, … naming what to install
   * @throws NotSupportedError when a setting asks of the pool what it cannot do
   */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /**
   * Stops warmly: takes no more messages, gives back those that nothing has started, waits for the tasks that run, and
   * for their outcomes to be stored and acknowledged. Called again it waits for the same end.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /**
   * Stops at once: tasks that run are ended (after `softShutdownTimeout` seconds, if that is set), and their messages go
   * back to the broker if they are acknowledged late; the others have failed. Also when a warm stop is under way.
   */
  terminate(options: { soft?: boolean } = {}): Promise<void> {
    if (options.soft === false) this.#noSoftWait.abort();
    this.#terminating ??= this.#terminate();
    return this.#terminating;
  }

  /** Gives every message that is not settled back to the broker, whatever becomes of its task: for a hard exit. */
  async giveBack(): Promise<void> {
    for (const { delivery, acceptedAt } of this.requests)
      delivery.reject({ requeue: true, attempted: acceptedAt === undefined ? false : undefined });
    const transport = this.transport;
    if (transport !== undefined)
      await within(
        HARD_EXIT,
        transport.flush().catch(() => {}),
      );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /**
   * Ends a task by its id: it is not started any more, unless it is on its way to a child already, and with `terminate`
   * a running one is ended.
   */
  revoke(id: string, options: { terminate?: boolean; signal?: NodeJS.Signals } = {}): void {
    this.revoked.add(id);
    const request = this.requests.get(id);
    if (request === undefined) return;
    const { terminate = false, signal = 'SIGTERM' } = options;
    this.#parts?.runner.revoke(request, terminate ? signal : undefined);
  }

  async #start(): Promise<void> {
    if (this.#state !== 'new') throw new WorkerStoppedError('the worker has ended; make a new one');
    this.#state = 'starting';
    try {
      await this.#openAside();
      this.#parts = await this.#build();
      const { transport, pool, consumption } = this.#parts;
      const step = (work: () => Promise<void>): Promise<void> =>
        whileReconnecting(transport, this.#abort.signal, this.logger, work);
      await step(() => declareQueues(transport, this.#queues()));
      await pool.start();
      await step(() => consumption.start());
      this.#parts.autoscaler?.start();
    } catch (error) {
      await this.#abandon();
      throw error;
    }
    if ((this.#state as WorkerState) !== 'starting')
      throw new WorkerStartError('the worker was stopped while it started');
    this.#state = 'running';
    this.emit('ready');
  }

  /** What serves others: an orchestrator that asks already while the worker connects, and the next start. */
  async #openAside(): Promise<void> {
    const { healthPort, healthHost, stateDb } = this.settings;
    if (stateDb !== undefined) {
      this.#stateDb = new StateDb(stateDb, this.revoked, this.logger);
      await this.#stateDb.open();
    }
    if (healthPort === undefined) return;
    this.#health = new HealthServer(this, await createMetrics(this));
    await this.#health.listen(healthPort, healthHost);
    this.logger.info(`Health and metrics are served on ${healthHost}:${this.#health.port}`);
  }

  async #closeAside(): Promise<void> {
    await this.#health?.close();
    await this.#stateDb?.close();
  }

  async #build(): Promise<Parts> {
    const parts = await buildParts({
      app: this.app,
      settings: this.settings,
      poolClass: this.#poolClass,
      appReference: this.#appReference,
      hostname: this.hostname,
      logger: this.logger,
      counters: this.counters,
      events: this,
      requests: this.requests,
      tasks: this.#tasks,
      queues: this.#queues().map(({ name }) => name),
      signal: this.#abort.signal,
      isRevoked: (id) => this.revoked.size > 0 && this.revoked.has(id),
    });
    watchPool(parts.pool, this);
    watchTransport(parts.transport, this);
    parts.transport.once('failed', () => {
      this.#failed = true;
      void this.terminate();
    });
    return parts;
  }

  #queues(): ResolvedQueue[] {
    const { queues, excludeQueues } = this.settings;
    return (queues ?? this.app.queues.names)
      .filter((name) => !excludeQueues.includes(name))
      .map((name) => this.app.queues.get(name));
  }

  /** Ends what a start that failed has brought up. */
  async #abandon(): Promise<void> {
    this.#state = 'stopped';
    const parts = this.#parts;
    await parts?.consumption.stop().catch(() => {});
    await parts?.pool.terminate().catch(() => {});
    await this.#closeAside();
    this.emit('stopped');
  }

  async #stop(): Promise<void> {
    if (this.#terminating !== undefined) return this.#terminating;
    const parts = await this.#beginToStop('warm');
    if (parts === undefined) return;
    this.#state = 'stopping';
    await takeNoMore(parts, this);
    const { shutdownTimeout } = this.settings;
    const stopped = parts.pool.stop();
    if (shutdownTimeout > 0 && !(await within(shutdownTimeout, stopped))) {
      this.logger.warn(`Tasks still run after shutdownTimeout = ${shutdownTimeout} s; they are ended`);
      return this.terminate();
    }
    await stopped;
    if (this.#terminating !== undefined) return this.#terminating;
    await this.#finish(parts);
  }

  async #terminate(): Promise<void> {
    const parts = await this.#beginToStop(this.settings.softShutdownTimeout > 0 ? 'soft' : 'cold');
    if (parts === undefined) return;
    this.#state = 'terminating';
    await takeNoMore(parts, this);
    await waitSoftly(this.#tasks, this.#noSoftWait.signal, this);
    if (this.settings.softShutdownTimeout > 0) this.emit('shuttingDown', 'cold');
    parts.runner.cold = true;
    await parts.pool.terminate();
    parts.finisher.giveUp();
    await this.#finish(parts);
  }

  /** The parts to stop; undefined when there are none, or not any more. */
  async #beginToStop(how: 'warm' | 'soft' | 'cold'): Promise<Parts | undefined> {
    if (this.#state === 'stopped') return undefined;
    this.emit('shuttingDown', how);
    this.#abort.abort();
    await this.#starting?.catch(() => {});
    if (this.#parts === undefined || (this.#state as WorkerState) === 'stopped') {
      this.#state = 'stopped';
      return undefined;
    }
    return this.#parts;
  }

  async #finish(parts: Parts): Promise<void> {
    await flushOutcomes(parts, this);
    await this.#closeAside();
    this.#state = 'stopped';
    this.emit('stopped');
  }
}

/** How many seconds a hard exit may take. */
const HARD_EXIT = 2;
