import type { Codec } from '@pool/message';
import { loadResultStore, type ResultStore, ResultStoreNotFoundError, schemeOf } from '@pool/results';
import { loadTransport, Transport } from '@pool/transport';
import type { AppOptions } from './app-options.js';
import { AppClosedError, ConfigError } from './errors.js';
import { replyBroker } from './reply-broker.js';

type Broker = NonNullable<AppOptions['broker']>;
type ResultBackend = NonNullable<AppOptions['resultBackend']>;

/** Runs `make` once; a failure is forgotten, so that the next call tries again. */
class Once<T> {
  #promise: Promise<T> | undefined;
  #value: T | undefined;

  get(make: () => Promise<T>): Promise<T> {
    this.#promise ??= make().then(
      (value) => {
        this.#value = value;
        return value;
      },
      (error: unknown) => {
        this.#promise = undefined;
        throw error;
      },
    );
    return this.#promise;
  }

  /** What was made by now, if it was. */
  get value(): T | undefined {
    return this.#value;
  }

  /** What was made, if it was. */
  async made(): Promise<T | undefined> {
    return this.#promise?.catch(() => undefined);
  }
}

/** An app's broker and result store: found and connected when first needed, closed if the app made them. */
export class Connections {
  /** The environment comes first, as with Celery. */
  readonly broker: Broker | undefined;
  readonly resultBackend: ResultBackend | undefined;
  readonly #name: string;
  readonly #options: Readonly<AppOptions>;
  readonly #codec: Codec;
  readonly #transport = new Once<Transport>();
  readonly #connected = new Once<Transport>();
  readonly #results = new Once<ResultStore>();
  readonly #replyTo = new Once<string | undefined>();
  #closed = false;

  constructor(name: string, options: Readonly<AppOptions>, codec: Codec) {
    const { POOL_BROKER_URL, CELERY_BROKER_URL, POOL_RESULT_BACKEND, CELERY_RESULT_BACKEND } = process.env;
    this.broker = POOL_BROKER_URL || CELERY_BROKER_URL || options.broker;
    this.resultBackend = POOL_RESULT_BACKEND || CELERY_RESULT_BACKEND || options.resultBackend;
    this.#name = name;
    this.#options = options;
    this.#codec = codec;
  }

  async transport(): Promise<Transport> {
    this.#refuseWhenClosed();
    return this.#transport.get(() => this.#loadTransport());
  }

  async connectedTransport(): Promise<Transport> {
    this.#refuseWhenClosed();
    return this.#connected.get(async () => {
      const transport = await this.transport();
      await transport.connect();
      return transport;
    });
  }

  async resultStore(): Promise<ResultStore> {
    this.#refuseWhenClosed();
    return this.#results.get(() => this.#loadResults());
  }

  /** An id for a new task whose result is kept. */
  newTaskId(): string {
    return this.#results.value?.reserveId?.() ?? crypto.randomUUID();
  }

  /**
   * What messages must carry for their results to come back, once the store listens there. A producer need not have
   * the package of a store that it reads no results from.
   */
  async replyTo(): Promise<string | undefined> {
    const backend = this.resultBackend;
    if (backend === undefined) return undefined;
    return this.#replyTo.get(async () => {
      try {
        const store = await this.resultStore();
        if (store.replyTo !== undefined) await store.connect();
        return store.replyTo;
      } catch (error) {
        const optional = typeof backend === 'string' && schemeOf(backend) !== 'rpc';
        if (optional && ResultStoreNotFoundError.isInstance(error)) return undefined;
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    // A store may answer through the broker, so it goes first.
    const store = await this.#results.made();
    if (store && store !== this.resultBackend) await store.close();
    const transport = await this.#transport.made();
    if (transport && transport !== this.broker) await transport.close();
  }

  async #loadTransport(): Promise<Transport> {
    const { broker } = this;
    if (broker === undefined) {
      throw new ConfigError(
        `app ${this.#name} has no broker: give it one (new App('${this.#name}', { broker: 'redis://localhost' })) or set POOL_BROKER_URL`,
        { setting: 'broker' },
      );
    }
    if (broker instanceof Transport) return broker;
    const { brokerTransportOptions: options, packages } = this.#options;
    return loadTransport(broker as string | readonly string[], {
      options: { limits: this.#codec.limits, ...options },
      ...(packages?.transports ? { packages: packages.transports } : {}),
    });
  }

  async #loadResults(): Promise<ResultStore> {
    const { resultBackend: backend } = this;
    if (backend === undefined) {
      throw new ConfigError(
        `app ${this.#name} keeps no results: give it a resultBackend (such as redis://localhost) or set POOL_RESULT_BACKEND`,
        { setting: 'resultBackend' },
      );
    }
    if (typeof backend !== 'string') return backend;
    const {
      resultBackendTransportOptions,
      resultExpires,
      resultSerializer = 'json',
      packages,
    } = this.#options;
    return loadResultStore(backend, {
      options: {
        ...(resultExpires === undefined ? {} : { expires: resultExpires }),
        serializer: resultSerializer,
        codec: this.#codec,
        broker: replyBroker(() => this.connectedTransport()),
        ...resultBackendTransportOptions,
      },
      ...(packages?.results ? { packages: packages.results } : {}),
    });
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new AppClosedError(`app ${this.#name} is closed`);
  }
}
