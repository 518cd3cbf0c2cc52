import type { ChildExit } from './child.js';
import type { ChildLink } from './child-link.js';
import type { ResolvedChildPoolOptions } from './child-pool-options.js';
import { CrewHealth } from './crew-health.js';
import type { CrewHost } from './crew-host.js';
import { monotonic } from './deadlines.js';
import { PoolClosedError } from './errors.js';
import { LinkTimers } from './link-timers.js';
import { emptySlot, type Slot } from './slot.js';
import { startError } from './start-error.js';

/** Why a child is replaced. */
export type RetireReason = 'tasks' | 'memory' | 'idle' | 'age' | 'restart';

/** A child that ends on its own within so many seconds, without having done a job, failed to start. */
const STILLBORN = 1;
/** When so many of its tasks are left, or a quarter of them, a child's replacement is called. */
const LEAD = 32;

/** Keeps a pool's slots filled with children: starts, replaces, dismisses and ends them. */
export class Crew {
  readonly #host: CrewHost;
  readonly #options: ResolvedChildPoolOptions;
  readonly #slots: Slot[] = [];
  readonly #alive: Set<ChildLink> = new Set();
  readonly #spares: ChildLink[] = [];
  readonly #timers: LinkTimers = new LinkTimers();
  #spawningSpares = 0;
  #nextIndex = 1;
  #ready: ChildLink[] = [];
  readonly #health: CrewHealth = new CrewHealth();
  #ending = false;
  #startFailed: ((error: Error) => void) | undefined = undefined;
  #emptied: (() => void)[] = [];
  #maintenance: NodeJS.Timeout | undefined = undefined;

  constructor(host: CrewHost, options: ResolvedChildPoolOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** The children that get jobs. */
  get ready(): readonly ChildLink[] {
    return this.#ready;
  }

  /** Every child there is: starting, ready, spare, leaving. */
  get alive(): ReadonlySet<ChildLink> {
    return this.#alive;
  }

  /** Whether some slot's children do not come up. */
  get troubled(): boolean {
    return this.#health.troubled;
  }

  /** How many slots there are. */
  get size(): number {
    return this.#slots.length;
  }

  /** Fills `n` slots; rejects when one of the children does not come up. */
  async start(n: number): Promise<void> {
    const failed = new Promise<never>((_, reject) => {
      this.#startFailed = reject;
    });
    try {
      await Promise.race([this.grow(n), failed]);
    } finally {
      this.#startFailed = undefined;
    }
    this.#replenishSpares();
    const { maxIdle, maxAge } = this.#options;
    const shortest = Math.min(maxIdle ?? Number.POSITIVE_INFINITY, maxAge ?? Number.POSITIVE_INFINITY);
    if (shortest < Number.POSITIVE_INFINITY) {
      const interval = Math.min(1000, Math.max(10, (shortest * 1000) / 4));
      this.#maintenance = setInterval(() => this.maintain(), interval);
      this.#maintenance.unref();
    }
  }

  /** Adds `n` slots; resolves when a child is ready in each. */
  async grow(n: number): Promise<void> {
    const waiting: Promise<void>[] = [];
    for (let i = 0; i < n; i++) {
      const slot = emptySlot(this.#nextIndex++);
      this.#slots.push(slot);
      waiting.push(new Promise((resolve) => slot.waiters.push(resolve)));
      this.#fill(slot);
    }
    await Promise.all(waiting);
    if (this.#ending) throw new PoolClosedError('the pool was ended while its children started');
  }

  /** Takes `n` slots away: empty ones first, then those with a free child, then those that are busy. */
  shrink(n: number): void {
    const rank = (slot: Slot): number => (slot.link === undefined ? 0 : slot.link.free ? 1 : 2);
    const surplus = [...this.#slots].sort((a, b) => rank(a) - rank(b) || b.index - a.index).slice(0, n);
    for (const slot of surplus) {
      slot.surplus = true;
      this.#health.dropped(slot);
      clearTimeout(slot.retry);
      this.#slots.splice(this.#slots.indexOf(slot), 1);
      for (const wake of slot.waiters) wake();
      if (slot.next !== undefined) this.#dismiss(slot.next, 'shrink');
      if (slot.link !== undefined) this.#dismiss(slot.link, 'shrink');
    }
    this.#listReady();
  }

  /** Replaces every child that is there now, one after the other; resolves when the last replacement is ready. */
  async restart(): Promise<void> {
    for (const spare of this.#spares.splice(0)) this.#dismiss(spare, 'restart');
    for (const slot of [...this.#slots]) {
      if (this.#ending) return;
      if (slot.surplus) continue;
      const old = slot.link;
      const { next } = slot;
      if (next !== undefined) {
        // It may have loaded what is to be loaded anew.
        slot.next = undefined;
        this.#dismiss(next, 'restart');
      }
      if (old === undefined) {
        this.#fill(slot);
      } else {
        old.retireReason = 'restart';
        this.#spawn(slot);
      }
      await new Promise<void>((resolve) => slot.waiters.push(resolve));
    }
    this.#replenishSpares();
  }

  /** Calls a child's replacement; the child goes on until that is ready. */
  retire(link: ChildLink, reason: RetireReason): void {
    if (this.#ending || !(link.retireReason === undefined || link.retireReason === 'tasks')) return;
    const slot = this.#slotOf(link);
    if (slot === undefined || slot.link !== link || link.retireReason === reason) return;
    link.retireReason = reason;
    if (slot.next === undefined) this.#fill(slot);
    else if (slot.next.phase === 'ready') this.#install(slot, slot.next);
  }

  /** A child was given jobs, or ended some. */
  progressed(link: ChildLink): void {
    const { maxTasksPerChild, maxMemoryPerChild } = this.#options;
    if (link.phase === 'ready') {
      if (link.completed > 0) this.#proven(link);
      if (maxTasksPerChild !== undefined) this.#countTasks(link, maxTasksPerChild);
      if (maxMemoryPerChild !== undefined && link.memory > maxMemoryPerChild) this.retire(link, 'memory');
    } else if (link.phase === 'draining' && link.held.length === 0) this.#stop(link);
  }

  #countTasks(link: ChildLink, max: number): void {
    const left = max - link.assigned;
    if (left > Math.min(LEAD, Math.max(1, max >> 2))) return;
    // A spare need not be called early.
    if (left > 0 && this.#spares.length > 0) return;
    this.retire(link, 'tasks');
    const slot = this.#slotOf(link);
    if (left <= 0 && slot?.next?.phase === 'ready') this.#install(slot, slot.next);
  }

  /** A child that did a job, or lived for a while, came up for good. */
  #proven(link: ChildLink): void {
    const slot = this.#slotOf(link);
    if (slot === undefined || !this.#health.recovered(slot)) return;
    this.#host.healthy();
    this.#replenishSpares();
  }

  /** Whether some child holds jobs that it has not said it started; deals with those silent for so many seconds. */
  checkSilence(seconds: number): boolean {
    const now = monotonic();
    let some = false;
    for (const link of this.#alive) if (link.checkSilence(now, seconds)) some = true;
    return some;
  }

  /** Looks for children that are idle or alive for too long. */
  maintain(): void {
    const { maxIdle, maxAge } = this.#options;
    const now = monotonic();
    for (const link of this.#ready) {
      if (maxAge !== undefined && now - link.readyAt > maxAge) this.retire(link, 'age');
      else if (maxIdle !== undefined && link.completed > 0 && link.free && now - link.activeAt > maxIdle)
        this.retire(link, 'idle');
    }
    for (const slot of this.#slots) if (slot.link === undefined && slot.retry === undefined) this.#fill(slot);
  }

  onReady(link: ChildLink): void {
    this.#timers.clear(link);
    this.#host.ready(link);
    const slot = this.#slots.find((candidate) => candidate.next === link);
    if (slot !== undefined) {
      if (slot.failures > 0) this.#timers.set(link, STILLBORN, () => this.#proven(link));
      const old = slot.link;
      const max = this.#options.maxTasksPerChild;
      // The old one has tasks left that it was allotted: the new one stands by.
      if (old?.retireReason === 'tasks' && max !== undefined && old.assigned < max) return;
      this.#install(slot, link);
      return;
    }
    if (link.index !== 0) return;
    this.#spawningSpares -= 1;
    this.#spares.push(link);
    const empty = this.#slots.find((candidate) => candidate.link === undefined);
    if (empty !== undefined) this.#fill(empty);
  }

  onExit(link: ChildLink, exit: ChildExit): void {
    this.#timers.clear(link);
    this.#alive.delete(link);
    const wasStarting = link.readyAt === 0;
    const asked = link.phase === 'stopping' || link.phase === 'killed' || this.#ending;
    link.phase = 'gone';
    const slot = this.#slotOf(link);
    if (slot?.link === link) slot.link = undefined;
    if (slot?.next === link) slot.next = undefined;
    const spare = this.#spares.indexOf(link);
    if (spare !== -1) this.#spares.splice(spare, 1);
    if (wasStarting && link.index === 0) this.#spawningSpares -= 1;
    this.#listReady();
    const clean = asked && (link.killedFor === undefined || link.killedFor === 'pool');
    const idle = !asked && !wasStarting && link.held.length === 0;
    if (clean) this.#host.recycled(link, link.retireReason ?? 'stop');
    else if (idle && isCleanExit(exit)) this.#host.recycled(link, 'exit');
    else this.#host.lost(link, exit);
    if (this.#alive.size === 0) for (const wake of this.#emptied.splice(0)) wake();
    if (this.#ending) return;
    const stillborn =
      wasStarting ||
      (!asked && link.completed === 0 && link.started === 0 && monotonic() - link.readyAt < STILLBORN);
    if (stillborn && !clean) this.#onFailure(slot, link, exit);
    else {
      if (slot !== undefined && slot.link === undefined) this.#fill(slot);
      this.#replenishSpares();
    }
  }

  /** Asks a child to end, and ends it by force if it has not after the grace. */
  kill(link: ChildLink, signal: NodeJS.Signals): void {
    if (link.phase === 'gone') return;
    if (link.phase === 'killed') {
      if (signal === 'SIGKILL') link.kill(signal);
      return;
    }
    link.kill(signal);
    this.#listReady();
    if (signal !== 'SIGKILL') this.#timers.set(link, this.#options.killGrace, () => link.kill('SIGKILL'));
    const slot = this.#slotOf(link);
    if (slot?.link !== link || this.#ending) return;
    slot.link = undefined;
    if (slot.next?.phase === 'ready') this.#install(slot, slot.next);
    else this.#fill(slot);
  }

  /** Lets every child leave; resolves when all have. */
  async stop(): Promise<void> {
    this.#end();
    for (const link of this.#alive) {
      if (link.phase === 'starting') this.#killNow(link);
      else this.#stop(link);
    }
    await this.#empty();
  }

  /** Ends every child; resolves when all are gone. */
  async terminate(): Promise<void> {
    this.#end();
    for (const link of this.#alive) this.#killNow(link);
    await this.#empty();
  }

  #end(): void {
    this.#ending = true;
    clearInterval(this.#maintenance);
    for (const slot of this.#slots) {
      clearTimeout(slot.retry);
      for (const wake of slot.waiters.splice(0)) wake();
    }
  }

  #killNow(link: ChildLink): void {
    link.killedFor ??= 'pool';
    if (link.phase === 'killed') return;
    link.kill('SIGTERM');
    this.#timers.set(link, this.#options.killGrace, () => link.kill('SIGKILL'));
  }

  #empty(): Promise<void> {
    if (this.#alive.size === 0) return Promise.resolve();
    // Children do not keep this process alive; whoever waits for their end has to get to see it.
    const waiting = setInterval(() => {}, 2 ** 31 - 1);
    return new Promise((resolve) =>
      this.#emptied.push(() => {
        clearInterval(waiting);
        resolve();
      }),
    );
  }

  /** Gives a slot that has no child, or whose child is to go, another one. */
  #fill(slot: Slot): void {
    if (slot.surplus || this.#ending) return;
    if (slot.next !== undefined) {
      if (slot.link === undefined && slot.next.phase === 'ready') this.#install(slot, slot.next);
      return;
    }
    clearTimeout(slot.retry);
    slot.retry = undefined;
    const spare = this.#spares.shift();
    if (spare === undefined) {
      this.#spawn(slot);
      return;
    }
    spare.assignSlot(slot.index);
    this.#install(slot, spare);
    this.#replenishSpares();
  }

  #install(slot: Slot, link: ChildLink): void {
    const old = slot.link;
    slot.link = link;
    if (slot.next === link) slot.next = undefined;
    if (old !== undefined) this.#dismiss(old, old.retireReason ?? 'restart');
    this.#listReady();
    for (const wake of slot.waiters.splice(0)) wake();
    this.#host.capacityChanged();
  }

  /** Takes nothing new and leaves when it has finished. */
  #dismiss(link: ChildLink, reason: string): void {
    link.retireReason ??= reason;
    if (link.phase === 'starting') {
      this.#killNow(link);
      return;
    }
    if (link.phase !== 'ready') return;
    link.phase = 'draining';
    if (link.held.length > link.started) link.recall(undefined);
    if (link.held.length === 0) this.#stop(link);
  }

  #stop(link: ChildLink): void {
    if (link.phase !== 'ready' && link.phase !== 'draining') return;
    link.stop();
    this.#timers.set(link, this.#options.stopTimeout, () => {
      this.#host.logger.warn(
        `child ${link.pid} did not leave within ${this.#options.stopTimeout} s and is killed`,
      );
      link.kill('SIGKILL');
    });
  }

  #spawn(slot: Slot | undefined): void {
    const index = slot?.index ?? 0;
    const link = this.#host.newLink(index);
    if (slot !== undefined) slot.next = link;
    this.#alive.add(link);
    this.#host.spawning();
    this.#timers.set(link, this.#options.aliveTimeout, () => {
      link.killedFor = 'unresponsive';
      link.kill('SIGKILL');
    });
    const failed = (error: unknown): void => link.onExit({ exitCode: null, signal: null, error });
    try {
      const spawned = this.#host.spawn(link);
      if (spawned === undefined) this.#host.spawned(link);
      else spawned.then(() => this.#host.spawned(link), failed);
    } catch (error) {
      // Not at once: whoever asked for the child is not done with its slot.
      process.nextTick(failed, error);
    }
  }

  #replenishSpares(): void {
    if (this.#ending || this.troubled) return;
    while (this.#spares.length + this.#spawningSpares < this.#options.spare) {
      this.#spawningSpares += 1;
      this.#spawn(undefined);
    }
  }

  #onFailure(slot: Slot | undefined, link: ChildLink, exit: ChildExit): void {
    const error = startError(link, exit, this.#options.aliveTimeout);
    if (this.#startFailed !== undefined) {
      this.#startFailed(error);
      return;
    }
    if (slot === undefined || slot.surplus) {
      this.#host.logger.error('a spare child did not come up', error);
      return;
    }
    const { delay, unhealthy } = this.#health.failed(slot);
    this.#host.logger.error(`a child did not come up; trying again in ${delay} s`, error);
    if (unhealthy) this.#host.unhealthy(slot.failures, delay, error);
    clearTimeout(slot.retry);
    slot.retry = setTimeout(() => {
      slot.retry = undefined;
      this.#fill(slot);
    }, delay * 1000);
    // Jobs that wait keep the process alive, if there are any.
    slot.retry.unref();
  }

  #slotOf(link: ChildLink): Slot | undefined {
    return this.#slots.find((slot) => slot.link === link || slot.next === link);
  }

  #listReady(): void {
    this.#ready = [];
    for (const { link } of this.#slots) if (link?.phase === 'ready') this.#ready.push(link);
  }
}

/** 155 is what Celery's children leave with when they have had their share. */
function isCleanExit({ exitCode }: ChildExit): boolean {
  return exitCode === 0 || exitCode === 155;
}
