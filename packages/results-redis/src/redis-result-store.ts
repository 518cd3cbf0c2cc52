import { setTimeout as sleep } from 'node:timers/promises';
import { groupResultKey, redisChordKeys, SUCCESS, taskResultKey } from '@pool/message';
import {
  assertDatabase,
  certificateHint,
  endClient,
  isCertificateError,
  plainError,
  Script,
} from '@pool/redis';
import {
  BaseResultStore,
  type ChordPart,
  type ChordProgress,
  maskUrl,
  type RawDocument,
  type ResultEntry,
  ResultStoreAwayError,
  type ResultStoreCapabilities,
  ResultStoreClosedError,
  ResultStoreError,
  retryDelay,
} from '@pool/results';
import { keyPrefix, type RedisResultStoreOptions } from './redis-store-options.js';
import { STORE } from './scripts.js';
import { isDemoted, isForNow } from './server-errors.js';
import { clusterFailure, createStoreClient, type StoreClient } from './store-client.js';

const store = new Script(STORE);
/** Documents that are more than this together go in several calls: the server bounds an argument. */
const MOST_BYTES = 16 * 2 ** 20;

/** Redis as a result store, with Celery's keys and fields. Waiting readers are woken by pub/sub. */
export class RedisResultStore extends BaseResultStore {
  readonly capabilities: ResultStoreCapabilities = {
    wakeUp: true,
    shared: true,
    persistent: true,
    expiry: true,
    forget: true,
    groups: true,
    chords: true,
  };
  readonly #url: string;
  readonly #prefix: string;
  readonly #reasonBehind: (error: unknown) => unknown;
  readonly #writer: StoreClient;
  readonly #listener: StoreClient;
  #listening = false;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<(error: Error) => void>();

  constructor(url: string, options: RedisResultStoreOptions = {}) {
    super(options);
    this.#url = maskUrl(url);
    this.#prefix = keyPrefix(options);
    this.#writer = createStoreClient(url, options);
    this.#reasonBehind = (error) => (options.cluster ? clusterFailure(error, url, options) : error);
    this.#listener = createStoreClient(url, options, true);
    this.#listener.on('messageBuffer', (channel: Buffer, document: Buffer) => {
      this.deliver(channel.toString().slice(this.#taskPrefix.length), document);
    });
    let again = false;
    this.#listener.on('ready', () => {
      // What was published while the connection was away was not heard. The ping comes back when it listens again.
      if (again) {
        this.#listener.ping().then(
          () => this.lookAgain(),
          () => {},
        );
      }
      again = true;
    });
  }

  get #taskPrefix(): string {
    return taskResultKey('', this.#prefix);
  }

  protected override async onConnect(signal: AbortSignal): Promise<void> {
    const giveUp = (): void => void this.onClose();
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await this.#open();
      await this.#assertAllowed();
    } catch (error) {
      // Whoever is refused has no use for the connection, which would keep its process alive.
      endClient(this.#writer);
      throw error;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  async #assertAllowed(): Promise<void> {
    await this.#do(assertDatabase);
    const forbidden = await this.#do((client) => client.poolProbe(1, `${this.#taskPrefix}pool.probe`));
    if (forbidden.length === 0) return;
    throw new ResultStoreError(
      `cannot use the result store ${this.#url}: its user may not run ${forbidden.join(', ')} (see ACL SETUSER)`,
    );
  }

  async #open(): Promise<void> {
    const client = this.#writer;
    let failure: unknown;
    const remember = (error: unknown): void => {
      failure = error;
    };
    client.on('error', remember);
    // A cluster that is incomplete at first is tried again, and then only this tells that it is there.
    let onReady = (): void => {};
    const ready = new Promise<void>((resolve) => {
      onReady = resolve;
    });
    client.once('ready', onReady);
    try {
      await this.#try(() => Promise.race([client.connect(), ready]));
    } catch (error) {
      if (ResultStoreClosedError.isInstance(error)) throw error;
      endClient(client);
      // ioredis says here only that the connection is closed; why was an event.
      const cause = plainError(await this.#reasonBehind(failure ?? error));
      const Reason = isRefusal(cause) ? ResultStoreError : ResultStoreAwayError;
      throw new Reason(
        `cannot connect to the result store ${this.#url}: ${cause.message}${certificateHint(cause)}`,
        {
          cause,
        },
      );
    } finally {
      client.off('error', remember);
      client.off('ready', onReady);
    }
  }

  /** Does it, again and again while the server cannot for now: results wait, they are not lost. */
  async #do<T>(command: (client: StoreClient) => Promise<T>): Promise<T> {
    const { signal } = this.#closing;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#try(command);
      } catch (error) {
        if (ResultStoreClosedError.isInstance(error)) throw error;
        if (!isForNow(error) || signal.aborted) {
          const cause = plainError(error);
          throw new ResultStoreError(`the result store ${this.#url} refused: ${cause.message}`, { cause });
        }
        // Whoever connects again is led to the server that took over.
        if (isDemoted(error)) this.#writer.disconnect(true);
        await sleep(retryDelay(attempt), undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Does it, unless the store is closed before: what waits for a server that is away ioredis leaves waiting. */
  #try<T>(command: (client: StoreClient) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#underWay.add(reject);
      void command(this.#writer)
        .then(resolve, reject)
        .finally(() => this.#underWay.delete(reject));
    });
  }

  protected override async onClose(): Promise<void> {
    this.#closing.abort();
    endClient(this.#writer);
    endClient(this.#listener);
    const closed = new ResultStoreClosedError(`the result store ${this.#url} was closed before it answered`);
    for (const reject of this.#underWay) reject(closed);
  }

  protected override async onStore(entries: readonly ResultEntry[]): Promise<undefined> {
    for (let i = 0; i < entries.length; ) {
      const keys: string[] = [];
      const documents: Uint8Array[] = [];
      let numbers = '';
      for (let bytes = 0; i < entries.length; i++) {
        const { id, expires = this.expires, document } = entries[i] as ResultEntry;
        if (bytes > 0 && bytes + document.length > MOST_BYTES) break;
        keys.push(this.#taskPrefix + id);
        documents.push(document);
        numbers += `${Math.ceil(expires ?? 0)} ${document.length} `;
        bytes += document.length;
      }
      const all = documents.length === 1 ? asBuffer(documents[0] as Uint8Array) : Buffer.concat(documents);
      await this.#do((client) => store.run(client, keys, [numbers, all]));
    }
  }

  protected override async onGet(ids: readonly string[]): Promise<RawDocument[]> {
    const found = await this.#do((client) => client.mgetBuffer(...ids.map((id) => this.#taskPrefix + id)));
    return found.map((document) => document ?? undefined);
  }

  protected override get subscribesAhead(): boolean {
    return true;
  }

  protected override async onSubscribe(ids: readonly string[]): Promise<void> {
    if (!this.#listening) {
      this.#listening = true;
      // The server has been there: if it is away now, this waits for it as everything does.
      this.#listener.connect().catch(() => {});
    }
    await this.#listener.subscribe(...ids.map((id) => this.#taskPrefix + id));
  }

  protected override async onUnsubscribe(ids: readonly string[]): Promise<void> {
    if (this.#listening) await this.#listener.unsubscribe(...ids.map((id) => this.#taskPrefix + id));
  }

  protected override async onForget(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#do((client) => client.del(...ids.map((id) => this.#taskPrefix + id)));
  }

  protected override async onSaveGroup(groupId: string, document: Uint8Array): Promise<void> {
    const key = groupResultKey(groupId, this.#prefix);
    const text = asBuffer(document);
    const seconds = Math.ceil(this.expires);
    await this.#do((client) => (seconds > 0 ? client.set(key, text, 'EX', seconds) : client.set(key, text)));
  }

  protected override async onGetGroup(groupId: string): Promise<RawDocument> {
    return (await this.#do((client) => client.getBuffer(groupResultKey(groupId, this.#prefix)))) ?? undefined;
  }

  protected override async onForgetGroup(groupId: string): Promise<void> {
    await this.#do((client) => client.del(groupResultKey(groupId, this.#prefix)));
  }

  protected override async onSetChordSize(groupId: string, size: number): Promise<ChordProgress> {
    return progressOf(
      await this.#do((client) =>
        client.poolProgress(4, ...this.#chordKeys(groupId), this.#chordExpires, 'size', size),
      ),
    );
  }

  protected override async onAdjustChordSize(groupId: string, delta: number): Promise<ChordProgress> {
    return progressOf(
      await this.#do((client) =>
        client.poolProgress(4, ...this.#chordKeys(groupId), this.#chordExpires, 'change', delta),
      ),
    );
  }

  protected override async onAddChordPart(groupId: string, part: ChordPart): Promise<ChordProgress> {
    const { taskId, index, state, encodedResult } = part;
    const head = `[1, ${JSON.stringify(taskId)}, ${JSON.stringify(state)}, `;
    const member = Buffer.concat([Buffer.from(head), encodedResult, Buffer.from(']')]);
    const score = index ?? '+inf';
    return progressOf(
      await this.#do((client) =>
        client.poolAddPart(4, ...this.#chordKeys(groupId), this.#chordExpires, taskId, score, member),
      ),
    );
  }

  protected override async onChordParts(groupId: string): Promise<ChordPart[]> {
    const [joined = ''] = this.#chordKeys(groupId);
    const flat = await this.#do((client) => client.zrange(joined, '0', '-1', 'WITHSCORES'));
    const read: ChordPart[] = [];
    for (let i = 0; i < flat.length; i += 2) {
      const [, taskId, state, result] = JSON.parse(flat[i] as string) as [number, string, string, unknown];
      const index = Number(flat[i + 1]);
      const encodedResult = Buffer.from(JSON.stringify(result ?? null));
      read.push({
        taskId,
        index: Number.isFinite(index) ? index : null,
        state: state ?? SUCCESS,
        encodedResult,
      });
    }
    return read;
  }

  protected override async onForgetChord(groupId: string): Promise<void> {
    await this.#do((client) => client.del(...this.#chordKeys(groupId)));
  }

  get #chordExpires(): number {
    return Math.ceil(this.expires);
  }

  #chordKeys(groupId: string): string[] {
    const { joined, size, replaced } = redisChordKeys(groupId, this.#prefix);
    return [joined, size, replaced, `${groupResultKey(groupId, this.#prefix)}.pool`];
  }
}

/** It is there, and will say no again. */
function isRefusal(error: NodeJS.ErrnoException): boolean {
  return (error.name === 'ReplyError' && !isForNow(error)) || isCertificateError(error);
}

function progressOf([count, size, complete]: [number, string | null, number]): ChordProgress {
  const progress = { count, complete: complete === 1 };
  return size === null ? progress : { ...progress, size: Number(size) };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
