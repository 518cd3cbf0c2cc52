import { closeSync, fstatSync, mkdirSync, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { encodeQueue, isOwnName } from '../message-name.js';
import { AsideFolder } from './aside-folder.js';
import { Claims } from './claims.js';
import { ControlFolder } from './control-folder.js';
import { done } from './file-errors.js';
import { FileReader } from './file-reader.js';
import { FolderWatch } from './folder-watch.js';
import { Listing } from './listing.js';
import type { DiskOperations, DiskSettings, OwnedQueue, TakenFiles } from './protocol.js';
import { Publisher } from './publisher.js';
import { SpareFiles } from './spare-files.js';

/** One take holds the thread no longer than this. */
const takeBudgetMs = 10;
/** Where the watch stays silent (network file systems), this is not kept for ever. */
const maxJustClaimed = 1000;
/** A file written in place by another program may be incomplete for this long. */
const settlingMs = 2000;
const settlingRetryMs = 50;

/** The folder, inside the folder of waiting messages, of files to be written again. */
const spareFolder = '.spare';

/** The files of one transport. Runs in the disk thread, one operation at a time; errors are those of node:fs. */
export class DiskSession implements DiskOperations {
  readonly #settings: DiskSettings;
  readonly #wake: () => void;
  readonly #spares: SpareFiles;
  readonly #claims: Claims;
  readonly #outbox: Claims | undefined;
  readonly #publisher: Publisher;
  readonly #control: ControlFolder;
  readonly #aside: AsideFolder;
  readonly #listing: Listing;
  readonly #watch: FolderWatch;
  readonly #reader = new FileReader();
  /** Claimed while the watch was on, which will tell of it. */
  readonly #justClaimed = new Set<string>();
  /** Whether the watch was on when the folder was read last. */
  #complete = false;
  #heartbeat: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(settings: DiskSettings, wake: () => void) {
    const { folders, claimer, leaseSeconds } = settings;
    this.#settings = settings;
    this.#wake = wake;
    // Where messages come from one folder and go to another, nobody could use the spare files.
    const shared = folders.out === folders.in;
    this.#spares = new SpareFiles(join(folders.in, spareFolder), shared ? settings.maxSpare : 0);
    this.#claims = new Claims(folders.in, claimer, leaseSeconds, this.#spares);
    // What is being written must be on the file system it is renamed to.
    this.#outbox = shared ? undefined : new Claims(folders.out, claimer, leaseSeconds, this.#spares);
    const own = this.#outbox ?? this.#claims;
    this.#publisher = new Publisher(folders.out, own.folder, () => own.open(), settings.fsync, this.#spares);
    this.#control = new ControlFolder(folders.control, claimer);
    this.#aside = new AsideFolder(folders.rejected, settings.maxSetAside);
    this.#listing = new Listing(folders.in);
    this.#watch = new FolderWatch(folders.in, (name) => this.#onName(name));
  }

  open(): void {
    this.#claims.open();
    this.#outbox?.open();
    this.#spares.open();
    this.#control.open();
    const { processed } = this.#settings.folders;
    if (processed !== undefined) mkdirSync(processed, { recursive: true });
    clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => this.#beat(), (this.#settings.leaseSeconds * 1000) / 3);
  }

  put(names: string[], contents: string[]): void {
    this.#publisher.put(names, contents);
  }

  take(queues: string[], max: number): TakenFiles {
    const taken: TakenFiles = { names: [], sizes: [], contents: new ArrayBuffer(0) };
    const until = performance.now() + takeBudgetMs;
    this.#watch.lookedAt();
    if (!this.#watch.complete || this.#justClaimed.size > maxJustClaimed) this.#justClaimed.clear();
    if (this.#listing.covers(queues) && !this.#mustVerify()) this.#claimInto(taken, queues, max, until);
    if (taken.names.length === 0 && this.#mayFindMore(queues)) {
      this.#complete = this.#watch.complete;
      this.#listing.read(queues);
      this.#claimInto(taken, queues, max, performance.now() + takeBudgetMs);
    }
    taken.contents = this.#reader.finish();
    return taken;
  }

  settle(acked: string[], requeued: string[], released: string[]): string[] {
    const { processed } = this.#settings.folders;
    const stale = acked.filter((name) => !this.#claims.acknowledge(name, processed));
    for (const name of requeued) if (!this.#claims.giveBack(name, true)) stale.push(name);
    for (const name of released) if (!this.#claims.giveBack(name, false)) stale.push(name);
    return stale;
  }

  putAside(name: string, reason: string, content: string | undefined): void {
    this.#spares.forget(name);
    if (content === undefined) this.#aside.move(join(this.#claims.folder, name), name, reason);
    else this.#aside.copy(content, name, reason);
  }

  arm(): boolean {
    // What came before the watch began is found by one more reading.
    return this.#watch.start();
  }

  endQueue(queue: string): void {
    this.#listing.forget(queue);
  }

  size(queue: string): number {
    return Listing.of(this.#settings.folders.in, queue).length;
  }

  purge(queue: string): number {
    const { in: folder } = this.#settings.folders;
    return Listing.of(folder, queue).filter((name) => done(() => unlinkSync(join(folder, name)))).length;
  }

  deleteQueue(queue: string): number {
    this.#control.deleteQueue(queue, encodeQueue(queue));
    return this.purge(encodeQueue(queue));
  }

  ownQueue(owned: OwnedQueue): void {
    this.#control.ownQueue(owned, encodeQueue(owned.queue), (claimer) => this.#claims.isGone(claimer));
  }

  declareExchange(exchange: string, type: string): void {
    this.#control.declareExchange(exchange, type);
  }

  exchangeType(exchange: string): string | undefined {
    return this.#control.exchangeType(exchange);
  }

  deleteExchange(exchange: string): void {
    this.#control.deleteExchange(exchange);
  }

  bind(exchange: string, queue: string, routingKey: string, pattern: string): void {
    this.#control.bind(exchange, queue, routingKey, pattern);
  }

  unbind(exchange: string, queue: string, routingKey: string): void {
    this.#control.unbind(exchange, queue, routingKey);
  }

  bindings(exchange: string): [string, string][] {
    return this.#control.bindings(exchange);
  }

  restore(): number {
    const count = this.#claims.restore() + (this.#outbox?.restore() ?? 0);
    for (const queue of this.#control.forgetOrphans((claimer) => this.#claims.isGone(claimer))) {
      this.purge(encodeQueue(queue));
    }
    return count;
  }

  close(): void {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#retry);
    this.#watch.stop();
    this.#claims.close();
    this.#outbox?.close();
  }

  /** Whether the list has been served from for so long that the folder should be read for what is more urgent. */
  #mustVerify(): boolean {
    return this.#listing.isOld && this.#listing.restMs === 0 && this.#listing.mayHaveChanged();
  }

  /** Whether reading the folder may find more. Where it would be read too often, the consumer is woken later. */
  #mayFindMore(queues: readonly string[]): boolean {
    const heardAll = this.#complete && this.#watch.complete && this.#listing.covers(queues);
    if (heardAll ? !this.#mustVerify() : this.#listing.covers(queues) && !this.#listing.mayHaveChanged())
      return false;
    const { restMs } = this.#listing;
    if (restMs > 0) this.#wakeIn(restMs);
    return restMs === 0;
  }

  #onName(name: string): void {
    // The watch tells of names that go as well.
    if (this.#justClaimed.delete(name)) return;
    if (this.#listing.add(name)) this.#wake();
  }

  #claimInto(taken: TakenFiles, queues: readonly string[], max: number, until: number): void {
    for (const queue of queues) {
      for (;;) {
        if (taken.names.length === max || (taken.names.length > 0 && performance.now() > until)) return;
        const name = this.#listing.next(queue);
        if (name === undefined) break;
        if (!this.#claims.claim(name)) continue;
        if (this.#watch.complete) this.#justClaimed.add(name);
        this.#readInto(taken, name);
      }
    }
  }

  #readInto(taken: TakenFiles, name: string): void {
    const path = join(this.#claims.folder, name);
    let size = -1;
    try {
      size = this.#reader.append(path);
    } catch (error) {
      // Taken back from under us: it is not ours any more. Whatever else it is, a consumer must be told.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    }
    if (size >= 0 && !isOwnName(name) && !this.#isComplete(path, size)) {
      this.#reader.drop(size);
      this.#claims.giveBack(name, false);
      this.#wakeIn(settlingRetryMs);
      return;
    }
    this.#spares.note(name, size);
    taken.names.push(name);
    taken.sizes.push(size);
  }

  /** Kombu writes messages in place. What was written long ago is complete even if it is no JSON. */
  #isComplete(path: string, size: number): boolean {
    try {
      JSON.parse(Buffer.from(this.#reader.tail(size)).toString('utf8'));
      return true;
    } catch {
      const file = openSync(path, 'r');
      try {
        return Date.now() - fstatSync(file).mtimeMs > settlingMs;
      } finally {
        closeSync(file);
      }
    }
  }

  #beat(): void {
    try {
      this.#claims.beat();
      this.#outbox?.beat();
      this.#control.beat();
    } catch {
      // The disk is in trouble, which the next operation tells its caller.
    }
  }

  #wakeIn(milliseconds: number): void {
    if (this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#wake();
    }, milliseconds);
  }
}
