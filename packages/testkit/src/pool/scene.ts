import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ApplyOptions,
  type BasePool,
  type Job,
  RUN,
  type Target,
  type TargetReference,
  TERMINATE,
} from '@pool/core';
import { Gate } from './gate.js';
import type { CreateOptions } from './options.js';
import { QuietLogger } from './quiet-logger.js';
import { type Ending, Watched } from './watched.js';
import { until, within } from './within.js';

/** What a scene needs to know of the pool under test. */
export interface SceneSettings {
  readonly create: (options: CreateOptions) => BasePool;
  readonly targets: string;
  readonly patience: number;
}

/** What one test works with. All that it opens is gone when it ends, and every job it watched is checked then. */
export class Scene {
  readonly logger: QuietLogger = new QuietLogger();
  readonly patience: number;
  readonly #settings: SceneSettings;
  readonly #pools: BasePool[] = [];
  readonly #watched: Watched[] = [];
  readonly #deferred: (() => void | Promise<void>)[] = [];
  #gate: Promise<Gate> | undefined;
  #checkedSlots = 0;
  #folder: Promise<string> | undefined;

  constructor(settings: SceneSettings) {
    this.#settings = settings;
    this.patience = settings.patience;
  }

  /** A pool that is not started, of one slot unless said otherwise: what starts fast keeps the suite fast. */
  create(options: CreateOptions = {}): BasePool {
    const pool = this.#settings.create({ logger: this.logger, limit: 1, ...options });
    this.#pools.push(pool);
    return pool;
  }

  /** A pool that runs. */
  async start(options: CreateOptions = {}): Promise<BasePool> {
    const pool = this.create(options);
    await this.within(pool.start(), 'the pool starts');
    assert.equal(pool.state, RUN, 'a pool that has started runs');
    return pool;
  }

  target(name: string): TargetReference {
    return { module: this.#settings.targets, name };
  }

  /** Hands in a job and writes down what its callbacks tell. */
  watch(
    pool: BasePool,
    target: Target | string,
    args: readonly unknown[] = [],
    options: ApplyOptions = {},
    kwargs: Readonly<Record<string, unknown>> = {},
  ): Watched {
    const title = typeof target === 'string' ? target : 'of the test';
    const watched = new Watched(`${title}(${this.#watched.length})`, options);
    const resolved = typeof target === 'string' ? this.target(target) : target;
    watched.job = pool.applyAsync(resolved, args, kwargs, watched.options);
    this.#watched.push(watched);
    return watched;
  }

  /** Hands in a job, waits for it and returns its value. */
  async run(pool: BasePool, name: string, args: readonly unknown[] = []): Promise<unknown> {
    return this.valueOf(this.watch(pool, name, args));
  }

  /** How a job ends. */
  ending(watched: Watched): Promise<Ending> {
    return this.within(watched.ended, `the job ${watched.title} ends`);
  }

  /** The value of a job, which must succeed. */
  async valueOf(watched: Watched): Promise<unknown> {
    const ending = await this.ending(watched);
    if (ending.kind === 'success') return ending.value;
    const why = ending.kind === 'failure' ? String(ending.info) : `time limit of ${ending.seconds} s`;
    return assert.fail(`the job ${watched.title} should succeed; it ended in ${ending.kind}: ${why}`);
  }

  /** The error of a job, which must fail. */
  async failureOf(watched: Watched): Promise<Extract<Ending, { kind: 'failure' }>['info']> {
    const ending = await this.ending(watched);
    if (ending.kind === 'failure') return ending.info;
    return assert.fail(`the job ${watched.title} should fail; it ended in ${ending.kind}`);
  }

  gate(): Promise<Gate> {
    this.#gate ??= Gate.open(this.patience);
    return this.#gate;
  }

  /** A folder of its own for this test. */
  folder(): Promise<string> {
    this.#folder ??= mkdtemp(join(tmpdir(), 'pool-testkit-'));
    return this.#folder;
  }

  /** Does this when the test is over, also after a failure. */
  defer(undo: () => void | Promise<void>): void {
    this.#deferred.push(undo);
  }

  within<T>(promise: PromiseLike<T>, what: string): Promise<T> {
    return within(promise, this.patience, what);
  }

  until(condition: () => boolean, what: string): Promise<void> {
    return until(condition, this.patience, what);
  }

  /** Asserts that the pool is as good as new: all its slots are there, and can be used at the same time. */
  async assertWhole(pool: BasePool): Promise<void> {
    assert.equal(pool.state, RUN, 'the pool still runs');
    const gate = await this.gate();
    const labels = Array.from({ length: pool.limit }, () => `slot ${++this.#checkedSlots}`);
    const held = labels.map((label) => this.watch(pool, 'gated', [gate.port, label]));
    const arrivals = await Promise.all(labels.map((label) => gate.arrival(label)));
    await this.until(() => pool.numProcesses === pool.limit, 'the pool has all its slots');
    for (const arrival of arrivals) arrival.release();
    for (const [i, watched] of held.entries()) assert.equal(await this.valueOf(watched), labels[i]);
    assert.equal(await this.run(pool, 'add', [1, 2]), 3);
  }

  /** Ends the test: everything is released, then every job's life is checked. */
  async end(): Promise<void> {
    for (const pool of this.#pools) {
      if (pool.state === TERMINATE) continue;
      await this.within(pool.terminate(), 'the pool terminates');
    }
    const unended = this.#watched.filter(({ job }) => job !== undefined && !job.ready);
    assert.equal(unended.length, 0, `jobs never ended: ${unended.map(({ title }) => title).join(', ')}`);
    for (const watched of this.#watched) watched.assertLife();
  }

  /** Gives back what the test took, also after a failure. */
  async dispose(): Promise<void> {
    for (const pool of this.#pools) {
      if (pool.state !== TERMINATE)
        await this.within(pool.terminate(), 'the pool terminates').catch(() => {});
    }
    for (const undo of this.#deferred) await undo();
    if (this.#gate !== undefined) await (await this.#gate).close();
    if (this.#folder !== undefined) await rm(await this.#folder, { recursive: true, force: true });
  }
}

/** The job of a watched one, which the compiler cannot know to be there. */
export function jobOf(watched: Watched): Job {
  assert.ok(watched.job);
  return watched.job;
}
