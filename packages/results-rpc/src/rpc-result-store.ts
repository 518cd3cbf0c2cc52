import { randomUUID } from 'node:crypto';
import {
  BaseResultStore,
  type ConnectOptions,
  type RawDocument,
  type ReplyBroker,
  type ResultEntry,
  type ResultStoreCapabilities,
  ResultStoreError,
  type ResultStoreOptions,
} from '@pool/results';

/** The longest that a broker waits before it deletes a queue, in seconds: RabbitMQ takes no more milliseconds. */
const MAX_QUEUE_EXPIRES = 4_000_000;

/** Options of the rpc result store. */
export interface RpcResultStoreOptions extends ResultStoreOptions {
  /** The most results kept until somebody asks for them; the oldest go first. @default 10000 */
  maxKept?: number;
}

/**
 * Results as messages to whoever sent the task, on a reply queue of its own. Nothing is stored: only the process that
 * sent a task gets its result, as with Celery's `rpc://`.
 */
export class RpcResultStore extends BaseResultStore {
  readonly capabilities: ResultStoreCapabilities = {
    wakeUp: true,
    shared: false,
    persistent: false,
    expiry: false,
    forget: true,
    groups: false,
    chords: false,
  };
  readonly #broker: ReplyBroker;
  readonly #maxKept: number;
  readonly #queue: string = randomUUID();
  readonly #kept = new Map<string, Uint8Array>();
  #wantsAnswers = false;
  #listening: Promise<() => Promise<void>> | undefined;

  constructor(options: RpcResultStoreOptions = {}) {
    super(options);
    const { broker, maxKept = 10_000 } = options;
    if (broker === undefined) {
      throw new ResultStoreError(
        "the result backend 'rpc://' answers through the broker: set a broker URL as well",
      );
    }
    if (!Number.isSafeInteger(maxKept) || maxKept < 1)
      throw new TypeError('maxKept must be a whole number of at least 1');
    this.#broker = broker;
    this.#maxKept = maxKept;
  }

  /** Whoever asks wants answers, and gets its queue by `connect()`. A worker, which only answers, needs none. */
  override get replyTo(): string {
    this.#wantsAnswers = true;
    return this.#queue;
  }

  /** Also of a store that a worker connected to answer with, and that wants answers since. */
  override async connect(options?: ConnectOptions): Promise<void> {
    await super.connect(options);
    if (this.#wantsAnswers) await this.#listen();
  }

  protected override async onConnect(): Promise<void> {}

  protected override async onClose(): Promise<void> {
    const stop = await this.#listening?.catch(() => undefined);
    // While the broker is away nobody can delete the queue; it expires.
    await stop?.().catch(() => {});
  }

  protected override async onStore(entries: readonly ResultEntry[]): Promise<(Error | undefined)[]> {
    const sent = entries.map(async ({ id, replyTo, correlationId, document }) => {
      // The sender wants no answer, or is one of an app without this store.
      if (replyTo === undefined || replyTo === null) return;
      await this.#broker.reply({ replyTo, correlationId: correlationId ?? id, body: document });
    });
    const settled = await Promise.allSettled(sent);
    return settled.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as Error) : undefined));
  }

  protected override async onGet(ids: readonly string[]): Promise<RawDocument[]> {
    return ids.map((id) => this.#kept.get(id));
  }

  protected override async onSubscribe(_ids: readonly string[]): Promise<void> {
    await this.#listen();
  }

  protected override async onForget(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#kept.delete(id);
  }

  /** Declares the reply queue and takes what comes; a task sent before that would lose its answer. */
  async #listen(): Promise<void> {
    const expires = this.expires === 0 ? MAX_QUEUE_EXPIRES : Math.min(this.expires, MAX_QUEUE_EXPIRES);
    this.#listening ??= this.#broker.listen(
      this.#queue,
      (body, correlationId) => this.#onReply(body, correlationId),
      { expires },
    );
    try {
      await this.#listening;
    } catch (error) {
      this.#listening = undefined;
      throw error;
    }
  }

  #onReply(body: Uint8Array, correlationId: string): void {
    const id = taskIdOf(body) ?? correlationId;
    this.#kept.delete(id);
    this.#kept.set(id, body);
    if (this.#kept.size > this.#maxKept) {
      for (const oldest of this.#kept.keys()) {
        this.#kept.delete(oldest);
        break;
      }
    }
    this.deliver(id, body);
  }
}

/** The task a reply is about; other senders may correlate by something else. */
function taskIdOf(body: Uint8Array): string | undefined {
  try {
    const { task_id: id } = JSON.parse(Buffer.from(body).toString()) as { task_id?: unknown };
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}
