import { groupResultKey, redisChordKeys, SUCCESS, taskResultKey } from '@pool/message';
import {
  BaseResultStore,
  type ChordPart,
  type ChordProgress,
  maskUrl,
  type RawDocument,
  type ResultEntry,
  type ResultStoreCapabilities,
  ResultStoreError,
} from '@pool/results';
import { keyPrefix, type RedisResultStoreOptions } from './redis-store-options.js';
import { createStoreClient, type StoreClient } from './store-client.js';

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
  readonly #writer: StoreClient;
  readonly #listener: StoreClient;
  #listening = false;

  constructor(url: string, options: RedisResultStoreOptions = {}) {
    super(options);
    this.#url = maskUrl(url);
    this.#prefix = keyPrefix(options.globalKeyPrefix ?? '');
    this.#writer = createStoreClient(url, options);
    this.#listener = createStoreClient(url, options);
    this.#listener.on('messageBuffer', (channel: Buffer, document: Buffer) => {
      this.deliver(channel.toString().slice(this.#taskPrefix.length), document);
    });
    // What was published while the connection was away was not heard.
    this.#listener.on('ready', () => void this.lookAgain());
  }

  get #taskPrefix(): string {
    return taskResultKey('', this.#prefix);
  }

  protected override async onConnect(): Promise<void> {
    await this.#open(this.#writer);
  }

  async #open(client: StoreClient): Promise<void> {
    try {
      await client.connect();
    } catch (cause) {
      client.disconnect();
      throw new ResultStoreError(
        `cannot connect to the result store ${this.#url}: ${(cause as Error).message}`,
        { cause },
      );
    }
  }

  protected override async onClose(): Promise<void> {
    this.#writer.disconnect();
    this.#listener.disconnect();
  }

  protected override async onStore(entries: readonly ResultEntry[]): Promise<undefined> {
    const keys: string[] = [];
    const rest: (number | Buffer)[] = [];
    for (const { id, expires = this.expires, document } of entries) {
      keys.push(this.#taskPrefix + id);
      rest.push(Math.ceil(expires ?? 0), asBuffer(document));
    }
    await this.#writer.poolStore(keys.length, ...keys, ...rest);
  }

  protected override async onGet(ids: readonly string[]): Promise<RawDocument[]> {
    const found = await this.#writer.mgetBuffer(...ids.map((id) => this.#taskPrefix + id));
    return found.map((document) => document ?? undefined);
  }

  protected override async onSubscribe(ids: readonly string[]): Promise<void> {
    if (!this.#listening) {
      this.#listening = true;
      await this.#open(this.#listener).catch((error: unknown) => {
        this.#listening = false;
        throw error;
      });
    }
    await this.#listener.subscribe(...ids.map((id) => this.#taskPrefix + id));
  }

  protected override async onUnsubscribe(ids: readonly string[]): Promise<void> {
    if (this.#listening) await this.#listener.unsubscribe(...ids.map((id) => this.#taskPrefix + id));
  }

  protected override async onForget(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#writer.del(...ids.map((id) => this.#taskPrefix + id));
  }

  protected override async onSaveGroup(groupId: string, document: Uint8Array): Promise<void> {
    const key = groupResultKey(groupId, this.#prefix);
    if (this.expires > 0) await this.#writer.set(key, asBuffer(document), 'EX', Math.ceil(this.expires));
    else await this.#writer.set(key, asBuffer(document));
  }

  protected override async onGetGroup(groupId: string): Promise<RawDocument> {
    return (await this.#writer.getBuffer(groupResultKey(groupId, this.#prefix))) ?? undefined;
  }

  protected override async onForgetGroup(groupId: string): Promise<void> {
    await this.#writer.del(groupResultKey(groupId, this.#prefix));
  }

  protected override async onSetChordSize(groupId: string, size: number): Promise<ChordProgress> {
    return progressOf(
      await this.#writer.poolProgress(4, ...this.#chordKeys(groupId), this.#chordExpires, 'size', size),
    );
  }

  protected override async onAdjustChordSize(groupId: string, delta: number): Promise<ChordProgress> {
    return progressOf(
      await this.#writer.poolProgress(4, ...this.#chordKeys(groupId), this.#chordExpires, 'change', delta),
    );
  }

  protected override async onAddChordPart(groupId: string, part: ChordPart): Promise<ChordProgress> {
    const { taskId, index, state, encodedResult } = part;
    const head = `[1, ${JSON.stringify(taskId)}, ${JSON.stringify(state)}, `;
    const member = Buffer.concat([Buffer.from(head), encodedResult, Buffer.from(']')]);
    const score = index ?? '+inf';
    return progressOf(
      await this.#writer.poolAddPart(
        4,
        ...this.#chordKeys(groupId),
        this.#chordExpires,
        taskId,
        score,
        member,
      ),
    );
  }

  protected override async onChordParts(groupId: string): Promise<ChordPart[]> {
    const [joined = ''] = this.#chordKeys(groupId);
    const flat = await this.#writer.zrange(joined, '0', '-1', 'WITHSCORES');
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
    await this.#writer.del(...this.#chordKeys(groupId));
  }

  get #chordExpires(): number {
    return Math.ceil(this.expires);
  }

  #chordKeys(groupId: string): string[] {
    const { joined, size, replaced } = redisChordKeys(groupId, this.#prefix);
    return [joined, size, replaced, `${groupResultKey(groupId, this.#prefix)}.pool`];
  }
}

function progressOf([count, size, complete]: [number, string | null, number]): ChordProgress {
  const progress = { count, complete: complete === 1 };
  return size === null ? progress : { ...progress, size: Number(size) };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
