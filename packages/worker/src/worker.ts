import { EventEmitter } from 'node:events';
import type { App, ResolvedQueue } from '@pool/app';
import type { BasePool, PoolClass } from '@pool/core';
import { defaultNodename, nodeFormat } from '@pool/message';
import type { ResultStore } from '@pool/results';
import { ConnectionError, type Transport } from '@pool/transport';
import { type AppReference, parseAppReference } from './app-reference.js';
import { Autoscaler } from './autoscaler.js';
import { settingsFromEnvironment } from './config/environment.js';
import { resolveSettings, type SettingsSource } from './config/resolve-settings.js';
import type { Settings } from './config/schema.js';
import { connect } from './connect.js';
import { Consumption } from './consumption.js';
import { createCounters, type WorkerCounters } from './counters.js';
import { createPool } from './create-pool.js';
import { WorkerStartError, WorkerStoppedError } from './errors.js';
import { HealthServer } from './health/health-server.js';
import { createMetrics } from './health/metrics.js';
import { Intake } from './intake.js';
import { LimitedSet } from './limited-set.js';
import { createLogger, type WorkerLogger } from './logging/logger.js';
import { pause, within } from './pause.js';
import { Finisher } from './request/finisher.js';
import type { Request } from './request/request.js';
import { RequestTable } from './request-table.js';
import { Runner } from './runner.js';
import { StateDb } from './state-db.js';
import { WaitingRoom } from './waiting-room.js';
import { watchPool } from './watch-pool.js';
import { watchTransport } from './watch-transport.js';
import type { WorkerEvents } from './worker-events.js';
import type { WorkerOptions } from './worker-options.js';

/** Where a worker is in its life. */
export type WorkerState = 'new' | 'starting' | 'running' | 'stopping' | 'terminating' | 'stopped';

/** The parts of a worker that exist while it runs. */
interface Parts {
  readonly transport: Transport;
  readonly store: ResultStore | undefined;
  readonly pool: BasePool;
  readonly finisher: Finisher;
  readonly runner: Runner;
  readonly waitingRoom: WaitingRoom;
  readonly consumption: Consumption;
  readonly autoscaler: Autoscaler | undefined;
}

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
  #running = 0;
  #ended = 0;
  #failed = false;
  #health: HealthServer | undefined;
  #stateDb: StateDb | undefined;
  #idleWaiters: (() => void)[] = [];

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
    return this.#running;
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
    for (const request of this.requests) request.delivery.reject({ requeue: true });
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
      await this.#whileReconnecting(transport, async () => {
        for (const queue of this.#queues()) await declare(transport, queue);
      });
      await pool.start();
      await this.#whileReconnecting(transport, () => consumption.start());
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

  /** A connection that is lost while the worker starts comes back, as it does later. */
  async #whileReconnecting(transport: Transport, work: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (transport.state !== 'reconnecting' || this.#abort.signal.aborted) throw error;
        this.logger.warn(
          { err: error },
          'The connection was lost during the start; going on when it is back',
        );
        await transport.connect();
      }
    }
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
    const { app, settings, logger, counters, requests, hostname } = this;
    const { pool, targets } = await createPool({
      app,
      settings,
      poolClass: this.#poolClass,
      appReference: this.#appReference,
      hostname,
      logger,
      repr: logger.isLevelEnabled('info'),
      results: app.hasResultStore,
    });
    const { transport, store } = await connect(app, settings, logger, this.#abort.signal);
    const common = { app, transport, store, logger, counters, events: this };
    const finisher = new Finisher({ ...common, onEnded: (request) => this.#onEnded(request) });
    const runner = new Runner({
      ...common,
      pool,
      targets,
      finisher,
      hostname,
      isRevoked: (id) => this.revoked.size > 0 && this.revoked.has(id),
      onStarted: () => this.#onStarted(),
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
      queues: this.#queues().map(({ name }) => name),
      onDeliveries: (deliveries) => intake.receive(deliveries),
      slots: () => settings.autoscale?.max ?? pool.numProcesses,
      // What is over the bound has no place of its own, or the bound would be none.
      held: () => Math.min(waitingRoom.held, settings.etaTaskLimit),
      busy: () => requests.size - waitingRoom.held,
      ended: () => this.#ended,
      onSurplus: () => this.#giveBackSurplus(),
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
            running: () => this.#running,
          });
    watchPool(pool, this);
    watchTransport(transport, this);
    transport.once('failed', () => {
      this.#failed = true;
      void this.terminate();
    });
    return { transport, store, pool, finisher, runner, waitingRoom, consumption, autoscaler };
  }

  #queues(): ResolvedQueue[] {
    const { queues, excludeQueues } = this.settings;
    return (queues ?? this.app.queues.names)
      .filter((name) => !excludeQueues.includes(name))
      .map((name) => this.app.queues.get(name));
  }

  #onStarted(): void {
    this.#running += 1;
    this.#parts?.consumption.adjustNow();
  }

  /** Gives back what nothing has begun, and takes again what it should hold. */
  #giveBackSurplus(): void {
    const pool = this.#parts?.pool;
    if (pool === undefined || !pool.active || this.#state !== 'running') return;
    this.logger.debug('Tasks have become slow: what was taken ahead and nothing has begun goes back');
    pool.flush().catch((error: unknown) => this.logger.warn({ err: error }, 'the pool could not be flushed'));
  }

  #onEnded(request: Request): void {
    this.#ended += 1;
    if (request.acceptedAt !== undefined) this.#running -= 1;
    this.requests.remove(request, request.verdict?.final === true);
    if (this.settings.disablePrefetch) this.#parts?.consumption.adjust();
    if (this.#running > 0 || this.#idleWaiters.length === 0) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
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
    await this.#takeNoMore(parts);
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
    await this.#takeNoMore(parts);
    await this.#waitSoftly();
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

  /** Takes no more messages, and gives back those that nothing has started. */
  async #takeNoMore({ consumption, waitingRoom, runner, pool, autoscaler }: Parts): Promise<void> {
    autoscaler?.stop();
    const { flushTimeout } = this.settings;
    if (!(await within(flushTimeout, consumption.stop())))
      this.logger.warn('The consumer could not be cancelled in time');
    for (const request of waitingRoom.drain()) runner.discard(request);
    if (pool.active) await pool.flush();
  }

  async #waitSoftly(): Promise<void> {
    const { softShutdownTimeout, enableSoftShutdownOnIdle } = this.settings;
    if (softShutdownTimeout === 0) return;
    if (this.#running === 0 && !enableSoftShutdownOnIdle) return;
    this.logger.warn(`Waiting up to ${softShutdownTimeout} s for ${this.#running} running tasks`);
    const time = pause(softShutdownTimeout, this.#noSoftWait.signal);
    if (this.#running === 0) return time;
    const idle = new Promise<void>((resolve) => {
      this.#idleWaiters.push(resolve);
    });
    await Promise.race([idle, time]);
    this.#noSoftWait.abort();
  }

  /** Waits until outcomes are stored and settled, as long as it may take. */
  async #finish(parts: Parts): Promise<void> {
    const { flushTimeout } = this.settings;
    const { finisher, transport } = parts;
    if (!(await within(flushTimeout, finisher.drained()))) {
      finisher.giveUp();
      await within(flushTimeout, finisher.drained());
      if (finisher.pending > 0)
        this.logger.error(`${finisher.pending} outcomes could not be stored before the end`);
    }
    if (
      !(await within(
        flushTimeout,
        transport.flush().catch(() => {}),
      ))
    ) {
      this.logger.error(
        'Acknowledgements could not be sent before the end; the broker delivers those messages again',
      );
      // Whoever closes the transport need not wait for answers that do not come, and hears what was not sent.
      transport.reconnect(
        new ConnectionError(`the broker ${transport.url} took no acknowledgements for ${flushTimeout} s`),
      );
    }
    await this.#closeAside();
    this.#state = 'stopped';
    this.emit('stopped');
  }
}

/** How many seconds a hard exit may take. */
const HARD_EXIT = 2;

async function declare(transport: Transport, queue: ResolvedQueue): Promise<void> {
  const { exchange, exchangeType, routingKey, ...declaration } = queue;
  if (exchange !== '') await transport.declareExchange({ name: exchange, type: exchangeType });
  await transport.declareQueue(declaration);
  if (exchange !== '') await transport.bindQueue({ queue: queue.name, exchange, routingKey });
}
