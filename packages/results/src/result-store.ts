import type { Codec, OptionNames, ResultDocument, ResultInput, ResultNode } from '@pool/message';

/** What a store can do. What it cannot, the caller learns before it relies on it. */
export interface ResultStoreCapabilities {
  /** The store wakes a waiting reader; without it waits poll every `pollInterval` seconds. */
  readonly wakeUp: boolean;
  /** Any process may read a result, any number of times. Without it only the sender can, as with `rpc`. */
  readonly shared: boolean;
  /** Results outlive the processes that wrote and read them. */
  readonly persistent: boolean;
  /** Documents vanish `expires` seconds after they were written. */
  readonly expiry: boolean;
  /** `forget` removes a document. */
  readonly forget: boolean;
  /** `saveGroup`, `getGroup` and `forgetGroup`. */
  readonly groups: boolean;
  /** `setChordSize`, `adjustChordSize`, `addChordPart`, `chordParts` and `forgetChord`. */
  readonly chords: boolean;
}

/** What storing needs to know besides the document. */
export interface StoreOptions {
  /** Seconds until the document may go; `null` keeps it. @default the store's `expires` */
  readonly expires?: number | null;
  /** The `reply_to` and `correlation_id` of the task message, for stores that answer the sender (`rpc`). */
  readonly replyTo?: string | null;
  readonly correlationId?: string | null;
}

/** One state of one task, encoded and ready to be written. */
export interface ResultEntry extends StoreOptions {
  /** The task's id. */
  readonly id: string;
  /** A state of Celery's, or a custom one such as `PROGRESS`. */
  readonly state: string;
  /** The encoded document, exactly as a reader will find it. */
  readonly document: Uint8Array;
}

/** One finished member of a chord's header. */
export interface ChordPart {
  readonly taskId: string;
  /** The member's place in the header, from the `group_index` header. Without one it comes last. */
  readonly index?: number | null;
  /** `SUCCESS`, or the state that failed the chord. */
  readonly state: string;
  /** The member's result, or the document of its exception, as JSON text. */
  readonly encodedResult: Uint8Array;
}

/** How far a chord is. */
export interface ChordProgress {
  /** Distinct members that have finished. */
  readonly count: number;
  /** How many there are to be; absent until `setChordSize` said so. */
  readonly size?: number;
  /**
   * The caller owns the chord's body and must publish it: the header is complete and this call completed it.
   * Only one member ever gets `true`, but that one gets it again when it repeats, so that a member which died
   * between counting and publishing publishes when it is redelivered.
   */
  readonly complete: boolean;
}

/** What a store that answers the sender through the broker (`rpc`) needs of the broker. */
export interface ReplyBroker {
  /** Publishes to the default exchange; resolves when the broker has it. Not persistent. */
  reply(message: {
    readonly replyTo: string;
    readonly correlationId: string;
    readonly body: Uint8Array;
  }): Promise<void>;
  /**
   * Declares a queue of this name and consumes it, acknowledging what `onReply` took. The queue outlives the connection,
   * for as long as `expires` says, so that what comes during an outage is there after it. Resolves to what deletes it.
   */
  listen(
    queue: string,
    onReply: (body: Uint8Array, correlationId: string) => void,
    options?: ReplyQueueOptions,
  ): Promise<() => Promise<void>>;
}

/** A reply queue. */
export interface ReplyQueueOptions {
  /** Seconds after which the broker may delete a queue that nobody consumes. @default 86400 (1 day), as with Celery */
  readonly expires?: number;
}

/** What every store understands. A store adds its own. */
export interface ResultStoreOptions {
  /** Seconds until a document may go; `null` or 0 keeps documents for ever. @default 86400 (1 day) */
  expires?: number | null;
  /**
   * Seconds between looks at a document that somebody waits for.
   * @default 0.5; 10 for a store that wakes its readers, where it is only the net below
   */
  pollInterval?: number;
  /** Documents written in one go at most. @default 1000 */
  maxBatch?: number;
  /**
   * Seconds that `close` waits for what is still being written; then it is given up, and whoever stored it is told.
   * @default 10
   */
  closeTimeout?: number;
  /** How documents are written, and with `codec` also how they are read. @default 'json' */
  serializer?: string;
  /** Serializers and what may be read. @default json only */
  codec?: Codec;
  /** The broker connection that `rpc` answers through. The app passes its own. */
  broker?: ReplyBroker;
}

/** The names of {@link ResultStoreOptions}: a store adds its own, and refuses others by `assertKnownOptions`. */
export const RESULT_STORE_OPTION_NAMES: OptionNames<ResultStoreOptions> = {
  expires: true,
  pollInterval: true,
  maxBatch: true,
  closeTimeout: true,
  serializer: true,
  codec: true,
  broker: true,
};

export interface WaitOptions {
  /** Seconds to wait; then `ResultTimeoutError`. @default no limit */
  timeout?: number;
  /** Ends the wait with the signal's reason. */
  signal?: AbortSignal;
  /** Called for each document in the order they become ready, each id once. */
  onReady?: (document: ResultDocument) => void;
  /** The tasks were sent just now: spares the look for results that were there before anybody listened. @default false */
  fresh?: boolean;
  /** The sending of the tasks. If it fails, so does the wait, for the same reason. */
  sent?: Promise<unknown>;
}

/** How a store is opened. */
export interface ConnectOptions {
  /**
   * A store that cannot be reached is waited for, and tried again with back-off; so does everything that is asked of it
   * meanwhile. Called once, when the first attempt has failed. Without it `connect` rejects then.
   */
  onAway?: (error: Error) => void;
}

/**
 * Where outcomes go and are waited for. Every method connects by itself; `close` ends it for good.
 *
 * @remarks
 * A `SUCCESS` is never overwritten, by nothing and nobody: a late duplicate cannot turn a success into a failure
 * (Celery's rule for key-value stores, made atomic).
 */
export interface ResultStore extends AsyncDisposable {
  readonly capabilities: ResultStoreCapabilities;
  /** The `reply_to` that task messages must carry for their results to come back; only `rpc` has one. */
  readonly replyTo: string | undefined;
  /**
   * Opens the store. Safe to call again.
   * @throws {ResultStoreAwayError} it could not be reached
   */
  connect(options?: ConnectOptions): Promise<void>;
  /**
   * An id for a task that is about to be sent, whose result the store listens for already; `undefined` if it has none.
   * Spares a round trip for whoever sends and waits. An id that is waited for by nobody is given up soon.
   */
  reserveId?(): string | undefined;
  /** Writes what is pending, ends all waits with `ResultStoreClosedError`, closes. Safe to call again. */
  close(): Promise<void>;

  /**
   * Encodes a document and stores it; resolves when it is written. `encodedResult` goes in as it is.
   *
   * All that is stored in one turn of the event loop travels together, and so does all that is stored while a
   * write is under way.
   * @throws {EncodeError} the result has no form in the store's serializer; nothing was stored
   */
  storeResult(input: ResultInput, options?: StoreOptions): Promise<void>;
  /** Stores documents that are encoded already. As `storeResult` otherwise. */
  store(entries: ResultEntry | readonly ResultEntry[]): Promise<void>;
  /** Stores a custom state such as `PROGRESS` with its `meta`, as Celery's `Task.update_state`. */
  updateState(id: string, state: string, meta?: unknown, options?: StoreOptions): Promise<void>;
  /** The document of a task, or `undefined` for one the store knows nothing of (Celery's `PENDING`). */
  get(id: string): Promise<ResultDocument | undefined>;
  /** The documents of many tasks in one read, in the order of `ids`. */
  getMany(ids: readonly string[]): Promise<(ResultDocument | undefined)[]>;
  /** Waits until all are ready; the documents come in the order of `ids`. */
  waitFor(ids: readonly string[], options?: WaitOptions): Promise<ResultDocument[]>;
  /**
   * Calls `listener` with the task's document now, if there is one, and whenever it changes. States that follow
   * each other fast may be seen as their last only. Returns the function that ends it.
   */
  watch(
    id: string,
    listener: (document: ResultDocument) => void,
    onError?: (error: Error) => void,
  ): () => void;
  /** Removes documents. Ids the store does not know are skipped. */
  forget(ids: string | readonly string[]): Promise<void>;

  /** Keeps which results make up a group, so that it can be restored by its id. */
  saveGroup(group: ResultNode): Promise<void>;
  getGroup(groupId: string): Promise<ResultNode | undefined>;
  forgetGroup(groupId: string): Promise<void>;

  /** Says how many members a chord's header has. Its progress may be complete at once. */
  setChordSize(groupId: string, size: number): Promise<ChordProgress>;
  /** Adds to the size, for members that were replaced by several tasks. */
  adjustChordSize(groupId: string, delta: number): Promise<ChordProgress>;
  /** Counts a finished member, once per task id: a member that is retried or redelivered replaces its own part. */
  addChordPart(groupId: string, part: ChordPart): Promise<ChordProgress>;
  /** All parts counted so far, by index. */
  chordParts(groupId: string): Promise<ChordPart[]>;
  /** Removes all that was kept for a chord, once its body is published. */
  forgetChord(groupId: string): Promise<void>;

  /** Removes what has expired, where the store does not do it by itself. */
  removeExpired(): Promise<void>;
}

/** What a store's package exports as default. May be asynchronous. */
export type ResultStoreFactory = (
  url: string,
  options?: ResultStoreOptions,
) => ResultStore | Promise<ResultStore>;
