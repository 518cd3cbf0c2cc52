import { Buffer } from 'node:buffer';
import { IdsAhead } from './ids-ahead.js';

/** A document as it is stored; `undefined` means there is none. */
export type RawDocument = Uint8Array | undefined;

/** What following needs of a store. */
export interface FollowSource {
  /** Seconds between looks at what is followed. */
  pollInterval(): number;
  subscribe(ids: readonly string[]): Promise<void>;
  unsubscribe(ids: readonly string[]): Promise<void>;
  read(ids: readonly string[]): Promise<RawDocument[]>;
}

/**
 * How many milliseconds a subscription outlives its last watcher, at least, and at most twice as many: what nobody follows
 * any more goes together, and not before what somebody has just begun to wait for.
 */
const LINGER = 100;

/**
 * How many milliseconds after it was subscribed to a task that was sent just now is looked for. Most that are awaited have
 * told by then; the look is for one that ended before the subscription stood.
 */
const FRESH_LOOK = 5;

interface Watcher {
  /** What it was shown last. */
  last: RawDocument;
  readonly onValue: (raw: Uint8Array) => void;
  readonly onError: (error: Error) => void;
  /** There was nothing to see before it came. */
  readonly fresh: boolean;
}

function same(a: RawDocument, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0;
}

/**
 * Who follows which task. Subscribing comes before the read that counts, so no change falls between the two; a slow look
 * at everything that is followed catches what a store forgot to tell. It holds what somebody follows, nothing else.
 */
export class Followed {
  readonly #source: FollowSource;
  readonly #watchers = new Map<string, Set<Watcher>>();
  readonly #subscribed = new Set<string>();
  /** Counts what was delivered and what was asked for, to tell which of two documents is the newer one. */
  #clock = 0;
  /** For each id that is followed, when what was delivered last was said or asked for. */
  readonly #newest = new Map<string, number>();
  /** Ids whose watchers came or went since the last pass. */
  #changed = new Set<string>();
  /** Ids whose last watcher went, and those given to tasks that had none yet, until they go. */
  #left = new Set<string>();
  /** Those that had left before the last turn of the timer. */
  #longLeft = new Set<string>();
  #lingering: NodeJS.Timeout | undefined;
  /** Ids that are to be looked for once, soon. */
  #fresh: string[] = [];
  #freshLook: NodeJS.Timeout | undefined;
  #passing = false;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  readonly #ahead: IdsAhead;

  constructor(source: FollowSource) {
    this.#source = source;
    this.#ahead = new IdsAhead(async (ids) => {
      await source.subscribe(ids);
      for (const id of ids) this.#subscribed.add(id);
    });
  }

  /** An id that is subscribed to, for a task that is about to be sent; `undefined` if there is none. */
  reserve(): string | undefined {
    const id = this.#ahead.take();
    if (id !== undefined) this.#leave(id);
    return id;
  }

  /** `fresh`: the task was sent just now, so that it need not be looked for before it is subscribed to. */
  watch(id: string, onValue: Watcher['onValue'], onError: Watcher['onError'], fresh: boolean): () => void {
    const { given, told } = this.#ahead.follow(id);
    const watcher: Watcher = { last: undefined, onValue, onError, fresh: fresh || given };
    const watchers = this.#watchers.get(id);
    if (watchers) watchers.add(watcher);
    else this.#watchers.set(id, new Set([watcher]));
    if (!given) this.#touch(id);
    else if (told === undefined) this.#lookSoon([id]);
    else queueMicrotask(() => this.deliver(id, told));
    this.#timer ??= setInterval(() => void this.lookAgain(), this.#source.pollInterval() * 1000);
    return () => this.#stop(id, watcher);
  }

  ids(): string[] {
    return [...this.#watchers.keys()];
  }

  has(id: string): boolean {
    return this.#watchers.has(id);
  }

  /** Shows a document to those who follow the task, unless they have seen it. */
  deliver(id: string, raw: Uint8Array): void {
    this.#clock += 1;
    if (this.#watchers.has(id)) this.#show(id, raw, this.#clock);
    else this.#ahead.tell(id, raw);
  }

  /** A read that was overtaken by what the store told, or by a later read, is of the past. */
  #show(id: string, raw: Uint8Array, at: number): void {
    if (!this.#watchers.has(id) || at < (this.#newest.get(id) ?? 0)) return;
    this.#newest.set(id, at);
    for (const watcher of [...(this.#watchers.get(id) ?? [])]) {
      if (same(watcher.last, raw)) continue;
      watcher.last = raw;
      watcher.onValue(raw);
    }
  }

  /** Reads these ids, or all, and delivers what has changed. Never rejects: failures go to the watchers. */
  async lookAgain(ids?: readonly string[]): Promise<void> {
    if (!ids && this.#looking) return;
    if (!ids) this.#looking = true;
    await this.#readAndDeliver(ids ?? this.ids());
    if (!ids) this.#looking = false;
  }

  /** Ends everything with this error. */
  end(error: Error): void {
    this.#fail(this.ids(), error);
    this.#watchers.clear();
    this.#newest.clear();
    clearInterval(this.#timer);
    clearTimeout(this.#lingering);
    clearTimeout(this.#freshLook);
  }

  #stop(id: string, watcher: Watcher): void {
    const watchers = this.#watchers.get(id);
    if (!watchers?.delete(watcher) || watchers.size > 0) return;
    this.#watchers.delete(id);
    this.#newest.delete(id);
    this.#leave(id);
    if (this.#watchers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #leave(id: string): void {
    this.#left.add(id);
    this.#lingering ??= setTimeout(() => this.#letGo(), LINGER).unref();
  }

  #letGo(): void {
    for (const id of this.#longLeft) {
      if (this.#left.has(id)) continue;
      this.#ahead.giveUp(id);
      if (!this.#watchers.has(id)) this.#touch(id);
    }
    this.#longLeft = this.#left;
    this.#left = new Set();
    this.#lingering = this.#longLeft.size > 0 ? setTimeout(() => this.#letGo(), LINGER).unref() : undefined;
  }

  #touch(id: string): void {
    this.#changed.add(id);
    if (this.#passing) return;
    this.#passing = true;
    setImmediate(() => void this.#pass());
  }

  /** Brings subscriptions in line with watchers, one pass after the other, so that they cannot overtake each other. */
  async #pass(): Promise<void> {
    while (this.#changed.size > 0) {
      const changed = this.#changed;
      this.#changed = new Set();
      const wanted = [...changed].filter((id) => this.#watchers.has(id));
      const added = wanted.filter((id) => !this.#subscribed.has(id));
      const gone = [...changed].filter((id) => !this.#watchers.has(id) && this.#subscribed.delete(id));
      // What is there already need not wait for the subscription.
      void this.#readAndDeliver(added.filter((id) => !this.#isFresh(id)));
      try {
        await Promise.all([
          gone.length > 0 && this.#source.unsubscribe(gone),
          added.length > 0 && this.#source.subscribe(added),
        ]);
        for (const id of added) this.#subscribed.add(id);
        // What was told meanwhile need not be read. Nobody's subscription waits for somebody else's read.
        const left = wanted.filter((id) => this.#watchers.has(id));
        void this.#readAndDeliver(left.filter((id) => !this.#isFresh(id)));
        this.#lookSoon(left.filter((id) => this.#isFresh(id)));
      } catch (error) {
        this.#fail(wanted, error as Error);
      }
    }
    this.#passing = false;
  }

  #lookSoon(ids: readonly string[]): void {
    if (ids.length === 0) return;
    this.#fresh.push(...ids);
    this.#freshLook ??= setTimeout(() => {
      this.#freshLook = undefined;
      const fresh = this.#fresh;
      this.#fresh = [];
      void this.#readAndDeliver(fresh.filter((id) => this.#watchers.has(id) && !this.#newest.has(id)));
    }, FRESH_LOOK);
  }

  #isFresh(id: string): boolean {
    return [...(this.#watchers.get(id) ?? [])].every(({ fresh }) => fresh);
  }

  async #readAndDeliver(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    this.#clock += 1;
    const asked = this.#clock;
    try {
      const raws = await this.#source.read(ids);
      raws.forEach((raw, i) => {
        if (raw !== undefined) this.#show(ids[i] as string, raw, asked);
      });
    } catch (error) {
      this.#fail(ids, error as Error);
    }
  }

  #fail(ids: readonly string[], error: Error): void {
    for (const id of ids) for (const watcher of [...(this.#watchers.get(id) ?? [])]) watcher.onError(error);
  }
}
