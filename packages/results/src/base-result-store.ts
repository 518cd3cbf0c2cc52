import { setTimeout as sleep } from 'node:timers/promises';
import {
  createCodec,
  encodeResult,
  type ResultDocument,
  type ResultInput,
  type ResultNode,
} from '@pool/message';
import { batched } from './batched.js';
import { NotSupportedError, ResultStoreAwayError, ResultStoreClosedError } from './errors.js';
import { Followed, type RawDocument } from './followed.js';
import { type DocumentFormat, readDocument, readGroup, writeGroup } from './result-document.js';
import type {
  ChordPart,
  ChordProgress,
  ConnectOptions,
  ResultEntry,
  ResultStore,
  ResultStoreCapabilities,
  ResultStoreOptions,
  StoreOptions,
  WaitOptions,
} from './result-store.js';
import { retryDelay } from './retry-delay.js';
import { waitFor } from './wait-for.js';
import { WriteQueue } from './write-queue.js';

const day = 86_400;

function checkSeconds(name: string, value: unknown): void {
  if (value === undefined || value === null) return;
  if (typeof value !== 'number' || !(value >= 0))
    throw new TypeError(`${name} must be a number of seconds, 0 or more`);
}

/**
 * What every store shares: connecting when first needed, batches, waiting and watching, checks. An author writes
 * the protected `on…` hooks, which get complete arguments and are called between `onConnect` and `onClose` only,
 * and calls `deliver` or `lookAgain` when the store tells of a change.
 */
export abstract class BaseResultStore implements ResultStore {
  abstract readonly capabilities: ResultStoreCapabilities;
  /** Seconds until a document may go; 0 for never. */
  protected readonly expires: number;
  readonly #closeTimeout: number;
  readonly #format: DocumentFormat;
  readonly #writes: WriteQueue;
  readonly #followed: Followed;
  readonly #read = batched((ids) => this.onGet(ids));
  #connecting: Promise<void> | undefined;
  /** A store that is away is waited for; this is told of it. */
  #onAway: ConnectOptions['onAway'];
  readonly #ending = new AbortController();
  #closing: Promise<void> | undefined;
  /** Closed with writes still under way; what waits behind them is not begun. */
  #gaveUp = false;

  constructor(options: ResultStoreOptions = {}) {
    checkSeconds('expires', options.expires);
    checkSeconds('pollInterval', options.pollInterval);
    checkSeconds('closeTimeout', options.closeTimeout);
    this.#closeTimeout = options.closeTimeout ?? 10;
    const {
      maxBatch = 1000,
      pollInterval,
      serializer = 'json',
      codec = createCodec({ acceptContent: [serializer] }),
    } = options;
    if (!Number.isInteger(maxBatch) || maxBatch < 1)
      throw new TypeError('maxBatch must be a whole number, 1 or more');
    this.expires = options.expires === undefined ? day : (options.expires ?? 0);
    this.#format = { codec, serializer };
    codec.serializers.get(serializer);
    this.#writes = new WriteQueue(async (entries) => {
      if (this.#gaveUp) throw closedError();
      await this.#opened();
      return this.onStore(entries);
    }, maxBatch);
    this.#followed = new Followed({
      pollInterval: () => pollInterval ?? (this.capabilities.wakeUp ? 10 : 0.5),
      subscribe: async (ids) => {
        await this.connect();
        await this.onSubscribe(ids);
      },
      unsubscribe: (ids) => this.onUnsubscribe(ids),
      read: async (ids) => {
        await this.connect();
        return this.onGet(ids);
      },
    });
  }

  get replyTo(): string | undefined {
    return undefined;
  }

  connect({ onAway }: ConnectOptions = {}): Promise<void> {
    if (this.#closing) return Promise.reject(closedError());
    this.#onAway ??= onAway;
    return this.#opened();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async store(entries: ResultEntry | readonly ResultEntry[]): Promise<void> {
    if (this.#closing) throw closedError();
    await this.#writes.add('id' in entries ? [entries] : entries);
  }

  async storeResult(input: ResultInput, options: StoreOptions = {}): Promise<void> {
    const document = encodeResult(input, this.#format);
    await this.store({ ...options, id: input.taskId, state: input.status, document });
  }

  async updateState(id: string, state: string, meta?: unknown, options?: StoreOptions): Promise<void> {
    await this.storeResult({ taskId: id, status: state, result: meta }, options);
  }

  async get(id: string): Promise<ResultDocument | undefined> {
    await this.connect();
    const raw = await this.#read(id);
    return raw === undefined ? undefined : readDocument(raw, id, this.#format);
  }

  getMany(ids: readonly string[]): Promise<(ResultDocument | undefined)[]> {
    return Promise.all(ids.map((id) => this.get(id)));
  }

  async waitFor(ids: readonly string[], options: WaitOptions = {}): Promise<ResultDocument[]> {
    checkSeconds('timeout', options.timeout);
    const { fresh = false } = options;
    return waitFor((id, listener, onError) => this.#watch(id, listener, onError, fresh), ids, options);
  }

  watch(
    id: string,
    listener: (document: ResultDocument) => void,
    onError: (error: Error) => void = () => {},
  ): () => void {
    return this.#watch(id, listener, onError, false);
  }

  #watch(
    id: string,
    listener: (document: ResultDocument) => void,
    onError: (error: Error) => void,
    fresh: boolean,
  ): () => void {
    if (this.#closing) throw closedError();
    const onValue = (raw: Uint8Array): void => {
      try {
        listener(readDocument(raw, id, this.#format));
      } catch (error) {
        onError(error as Error);
      }
    };
    return this.#followed.watch(id, onValue, onError, fresh);
  }

  reserveId(): string | undefined {
    return this.subscribesAhead && !this.#closing ? this.#followed.reserve() : undefined;
  }

  async forget(ids: string | readonly string[]): Promise<void> {
    await this.#ready('forget');
    await this.onForget(typeof ids === 'string' ? [ids] : ids);
  }

  async saveGroup(group: ResultNode): Promise<void> {
    const document = writeGroup(group, this.#format);
    await this.#ready('groups');
    await this.onSaveGroup(group.id, document);
  }

  async getGroup(groupId: string): Promise<ResultNode | undefined> {
    await this.#ready('groups');
    const raw = await this.onGetGroup(groupId);
    return raw === undefined ? undefined : readGroup(raw, groupId, this.#format);
  }

  async forgetGroup(groupId: string): Promise<void> {
    await this.#ready('groups');
    await this.onForgetGroup(groupId);
  }

  async setChordSize(groupId: string, size: number): Promise<ChordProgress> {
    if (!Number.isInteger(size) || size < 0) throw new TypeError('size must be a whole number, 0 or more');
    await this.#ready('chords');
    return this.onSetChordSize(groupId, size);
  }

  async adjustChordSize(groupId: string, delta: number): Promise<ChordProgress> {
    if (!Number.isInteger(delta)) throw new TypeError('delta must be a whole number');
    await this.#ready('chords');
    return this.onAdjustChordSize(groupId, delta);
  }

  async addChordPart(groupId: string, part: ChordPart): Promise<ChordProgress> {
    await this.#ready('chords');
    return this.onAddChordPart(groupId, part);
  }

  async chordParts(groupId: string): Promise<ChordPart[]> {
    await this.#ready('chords');
    return this.onChordParts(groupId);
  }

  async forgetChord(groupId: string): Promise<void> {
    await this.#ready('chords');
    await this.onForgetChord(groupId);
  }

  async removeExpired(): Promise<void> {
    await this.connect();
    await this.onRemoveExpired();
  }

  /** Tells of a task's new document. Cheap for tasks that nobody follows. */
  protected deliver(id: string, raw: Uint8Array): void {
    this.#followed.deliver(id, raw);
  }

  /** Reads these tasks again (or all that are followed), because they may have changed. */
  protected lookAgain(ids?: readonly string[]): Promise<void> {
    return this.#followed.lookAgain(ids?.filter((id) => this.#followed.has(id)));
  }

  /** Whether ids of tasks may be subscribed to before they are sent. Worth it where `onSubscribe` is a round trip. */
  protected get subscribesAhead(): boolean {
    return false;
  }

  /** Whether somebody in this process follows the task. */
  protected isFollowed(id: string): boolean {
    return this.#followed.has(id);
  }

  /**
   * Opens the store. Called once, and again after it failed: with `ResultStoreAwayError` where waiting may help. `signal`
   * aborts when the store is closed; `onClose` is not called then.
   */
  protected abstract onConnect(signal: AbortSignal): Promise<void>;
  /** Lets go of everything; what is still being written is given up. Called once, after a successful `onConnect`. */
  protected abstract onClose(): Promise<void>;
  /**
   * Writes a batch in which each id comes once, leaving alone what is `SUCCESS` in the store. Throws if nothing was
   * written; if only some entries were not, returns their errors by position.
   */
  protected abstract onStore(
    entries: readonly ResultEntry[],
  ): Promise<readonly (Error | undefined)[] | undefined>;
  /** Reads documents, in the order of `ids`. */
  protected abstract onGet(ids: readonly string[]): Promise<RawDocument[]>;

  /** From now on tell (`deliver`, `lookAgain`) when these tasks change. Not called twice for an id without its end. */
  protected async onSubscribe(_ids: readonly string[]): Promise<void> {}
  protected async onUnsubscribe(_ids: readonly string[]): Promise<void> {}
  protected async onRemoveExpired(): Promise<void> {}

  protected onForget(_ids: readonly string[]): Promise<void> {
    throw notWritten('forget', 'onForget');
  }
  /** `document` is the encoded group, to be found under `celery-taskset-meta-<groupId>`. */
  protected onSaveGroup(_groupId: string, _document: Uint8Array): Promise<void> {
    throw notWritten('groups', 'onSaveGroup');
  }
  protected onGetGroup(_groupId: string): Promise<RawDocument> {
    throw notWritten('groups', 'onGetGroup');
  }
  protected onForgetGroup(_groupId: string): Promise<void> {
    throw notWritten('groups', 'onForgetGroup');
  }
  protected onSetChordSize(_groupId: string, _size: number): Promise<ChordProgress> {
    throw notWritten('chords', 'onSetChordSize');
  }
  protected onAdjustChordSize(_groupId: string, _delta: number): Promise<ChordProgress> {
    throw notWritten('chords', 'onAdjustChordSize');
  }
  protected onAddChordPart(_groupId: string, _part: ChordPart): Promise<ChordProgress> {
    throw notWritten('chords', 'onAddChordPart');
  }
  protected onChordParts(_groupId: string): Promise<ChordPart[]> {
    throw notWritten('chords', 'onChordParts');
  }
  protected onForgetChord(_groupId: string): Promise<void> {
    throw notWritten('chords', 'onForgetChord');
  }

  async #ready(capability: 'forget' | 'groups' | 'chords'): Promise<void> {
    if (!this.capabilities[capability]) {
      throw new NotSupportedError(
        `this result store has no ${capability}; use one that has, such as redis://`,
        { capability },
      );
    }
    await this.connect();
  }

  #opened(): Promise<void> {
    this.#connecting ??= this.#open().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }

  async #open(): Promise<void> {
    const { signal } = this.#ending;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.onConnect(signal);
      } catch (error) {
        const waits = this.#onAway !== undefined && ResultStoreAwayError.isInstance(error);
        if (!waits || signal.aborted) throw error;
        if (attempt === 0) this.#onAway?.(error);
        await sleep(retryDelay(attempt), undefined, { signal }).catch(() => {});
        if (signal.aborted) throw closedError();
      }
    }
  }

  async #close(): Promise<void> {
    await Promise.race([this.#writes.drain(), sleep(this.#closeTimeout * 1000, undefined, { ref: false })]);
    this.#gaveUp = true;
    this.#ending.abort();
    this.#followed.end(closedError());
    if (!this.#connecting) return;
    await this.#connecting.then(
      () => this.onClose(),
      () => undefined,
    );
  }
}

function closedError(): ResultStoreClosedError {
  return new ResultStoreClosedError('the result store is closed');
}

function notWritten(capability: string, hook: string): Error {
  return new TypeError(`the store declares the capability ${capability} but does not override ${hook}`);
}
