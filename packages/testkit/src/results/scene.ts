import { randomUUID } from 'node:crypto';
import type {
  ResultDocument,
  ResultInput,
  ResultStore,
  ResultStoreOptions,
  StoreOptions,
} from '@pool/results';
import { within } from '../pool/within.js';
import type { ResultStoreConformanceOptions } from './options.js';

/** One test's place and the stores that were opened there. */
export class Scene {
  readonly patience: number;
  readonly #options: ResultStoreConformanceOptions;
  readonly #place = randomUUID();
  readonly #stores: ResultStore[] = [];

  constructor(options: ResultStoreConformanceOptions, patience: number) {
    this.#options = options;
    this.patience = patience;
  }

  /** A store of this place, not yet connected. */
  open(options: ResultStoreOptions = {}): ResultStore {
    const store = this.#options.create(this.#place, options);
    this.#stores.push(store);
    return store;
  }

  /** One that writes, as a worker does, and one that reads, as a producer does. */
  async pair(options: ResultStoreOptions = {}): Promise<Pair> {
    const [writer, reader] = [this.open(options), this.open(options)];
    await Promise.all([writer.connect(), reader.connect()]);
    return new Pair(writer, reader);
  }

  within<T>(promise: PromiseLike<T>, what: string): Promise<T> {
    return within(promise, this.patience, what);
  }

  /** Asks again and again, where nothing tells. */
  async until(condition: () => Promise<boolean>, what: string): Promise<void> {
    const end = performance.now() + this.patience * 1000;
    while (!(await condition())) {
      if (performance.now() > end) throw new Error(`not within ${this.patience} s: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()));
    await this.#options.clean?.(this.#place);
  }
}

/** Two stores of a place, in different hands. */
export class Pair {
  readonly writer: ResultStore;
  readonly reader: ResultStore;

  constructor(writer: ResultStore, reader: ResultStore) {
    this.writer = writer;
    this.reader = reader;
  }

  /** What a worker knows from the task's message, for stores that answer the sender. */
  route(id: string): StoreOptions {
    const { replyTo } = this.reader;
    return replyTo === undefined ? {} : { replyTo, correlationId: id };
  }

  /** Stores as a worker does. */
  async store(input: ResultInput, options: StoreOptions = {}): Promise<void> {
    await this.writer.storeResult(input, { ...this.route(input.taskId), ...options });
  }

  /** What the reader finds, once it is of that state. */
  async read(scene: Scene, id: string, state: string): Promise<ResultDocument> {
    let stop: (() => void) | undefined;
    const seen = new Promise<ResultDocument>((resolve, reject) => {
      const listener = (document: ResultDocument): void => {
        if (document.status === state) resolve(document);
      };
      stop = this.reader.watch(id, listener, reject);
    });
    try {
      return await scene.within(seen, `the reader sees ${state}`);
    } finally {
      stop?.();
    }
  }
}
