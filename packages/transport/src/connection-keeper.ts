import { setTimeout as sleep } from 'node:timers/promises';
import { backOff } from './back-off.js';
import type { BrokerUrl } from './broker-url.js';
import { BrokerRefusedError, ConnectionError, TransportClosedError } from './errors.js';
import type { TransportOptions, TransportState } from './transport-options.js';

/** What a connection keeper does to a connection, and whom it tells. */
export interface ConnectionHost {
  /** Opens a connection. */
  open(url: BrokerUrl, signal: AbortSignal): Promise<void>;
  /** Clears up after a connection that was lost. */
  disconnect(): Promise<void> | void;
  /** Makes a new connection what the lost one was. */
  restore(): Promise<void>;
  /** Lets everything that is under way come to its end. */
  drain(): Promise<void>;
  close(): Promise<void>;
  onConnected(): void;
  onDisconnected(error: Error): void;
  onRetry(error: Error, attempt: number, delay: number): void;
  onFailed(error: Error): void;
}

interface Waiting {
  promise: Promise<void>;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** Keeps one connection to one of several addresses: opens it, opens it again when it is lost, closes it once. */
export class ConnectionKeeper {
  readonly #host: ConnectionHost;
  readonly #urls: readonly BrokerUrl[];
  readonly #options: TransportOptions;
  readonly #abort = new AbortController();
  #state: TransportState = 'new';
  #epoch = 0;
  #urlIndex: number;
  #connecting: Promise<void> | undefined;
  #reconnecting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** Why the newest connection is gone, from the moment that is known. */
  #lost: Error | undefined;
  #lostWhileClosing: (() => void) | undefined;
  #waiting: Waiting | undefined;

  constructor(host: ConnectionHost, urls: readonly BrokerUrl[], options: TransportOptions) {
    this.#host = host;
    this.#urls = urls;
    this.#options = options;
    this.#urlIndex = options.shuffle === true ? Math.floor(Math.random() * urls.length) : 0;
  }

  /** The address in use, or the one that will be tried next. */
  get url(): BrokerUrl {
    return this.#urls[this.#urlIndex] as BrokerUrl;
  }

  get state(): TransportState {
    return this.#state;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Whether `close()` was called. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** Connects; every address is tried once. */
  connect(): Promise<void> {
    if (this.#state === 'connected') return Promise.resolve();
    if (this.#state === 'reconnecting') return this.whenConnected();
    if (this.#state === 'closing' || this.#state === 'closed') return Promise.reject(this.unavailable());
    this.#connecting ??= this.#connectFirst().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** Resolves when the outage is over; rejects when it never will be. */
  whenConnected(): Promise<void> {
    if (this.#waiting === undefined) {
      let resolve!: () => void;
      let reject!: (error: Error) => void;
      const promise = new Promise<void>((yes, no) => {
        resolve = yes;
        reject = no;
      });
      // Whoever waits handles it; the keeper itself has nobody to tell.
      promise.catch(() => {});
      this.#waiting = { promise, resolve, reject };
    }
    return this.#waiting.promise;
  }

  /** The connection is gone. Starts reconnecting; further calls during the outage do nothing. */
  lose(error: Error): void {
    this.#lost ??= error;
    if (this.#state !== 'connected') return;
    if (this.#closing !== undefined) {
      this.#lostWhileClosing?.();
      return;
    }
    this.#state = 'reconnecting';
    this.#host.onDisconnected(error);
    this.#reconnecting = this.#reconnect(error);
  }

  /** Drains and closes, once; every call waits for the same end. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Why nothing can be done now. */
  unavailable(): Error {
    if (this.#state === 'reconnecting') {
      return new ConnectionError(`the broker ${this.url} is away; reconnecting`);
    }
    const why = this.#state === 'new' || this.#state === 'connecting' ? 'not connected yet' : 'closed';
    return new TransportClosedError(`the transport to ${this.url} is ${why}`);
  }

  async #connectFirst(): Promise<void> {
    this.#state = 'connecting';
    const failures: ConnectionError[] = [];
    for (let tried = 0; tried < this.#urls.length; tried++) {
      try {
        await this.#open();
        if (this.#closing === undefined) return this.#nowConnected();
      } catch (error) {
        failures.push(this.#connectError(error));
        this.#nextUrl();
      }
      if (this.#closing !== undefined) throw this.#closedError();
    }
    this.#state = 'new';
    throw oneOf(failures);
  }

  async #open(): Promise<void> {
    const { connectTimeout = 10 } = this.#options;
    const timeout = AbortSignal.timeout(connectTimeout * 1000);
    this.#lost = undefined;
    await this.#host.open(this.url, AbortSignal.any([timeout, this.#abort.signal]));
    this.#epoch += 1;
    await this.#assertNotLost();
  }

  async #assertNotLost(): Promise<void> {
    if (this.#lost === undefined) return;
    await this.#host.disconnect();
    throw this.#lost;
  }

  #nowConnected(): void {
    this.#state = 'connected';
    this.#host.onConnected();
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  async #reconnect(error: Error): Promise<void> {
    const { maxReconnects = Number.POSITIVE_INFINITY, reconnect } = this.#options;
    let last = error;
    let delay = backOff(0, reconnect);
    for (let attempt = 1; attempt <= maxReconnects; attempt++) {
      try {
        await sleep(delay * 1000, undefined, { signal: this.#abort.signal });
        await this.#host.disconnect();
        await this.#open();
        await this.#host.restore();
        await this.#assertNotLost();
        if (this.#closing === undefined) this.#nowConnected();
        return;
      } catch (failure) {
        if (this.#closing !== undefined) return;
        last = this.#connectError(failure);
        this.#nextUrl();
        delay = backOff(attempt, reconnect);
        this.#host.onRetry(last, attempt, delay);
      }
    }
    this.#host.onFailed(last);
    // Whoever closes it as well is told what goes wrong; nobody asked for this one.
    this.close().catch(() => {});
  }

  async #close(): Promise<void> {
    if (this.#state === 'new') {
      this.#state = 'closed';
      return;
    }
    const closed = this.#closedError();
    this.#waiting?.reject(closed);
    this.#waiting = undefined;
    try {
      if (this.#state === 'connected') await Promise.race([this.#host.drain(), this.#loss()]);
    } finally {
      this.#state = 'closing';
      this.#abort.abort(closed);
      await Promise.allSettled([this.#connecting, this.#reconnecting]);
      try {
        // Nothing waits for answers that a lost connection will never give.
        if (this.#lost !== undefined) await this.#host.disconnect();
        await this.#host.close();
      } finally {
        this.#state = 'closed';
      }
    }
  }

  /** Resolves when there is no connection any more to drain anything through. */
  #loss(): Promise<void> {
    return new Promise((resolve) => {
      this.#lostWhileClosing = resolve;
    });
  }

  #nextUrl(): void {
    this.#urlIndex = (this.#urlIndex + 1) % this.#urls.length;
  }

  #closedError(): TransportClosedError {
    return new TransportClosedError(`the transport to ${this.url} is closed`);
  }

  #connectError(cause: unknown): ConnectionError {
    if (cause instanceof ConnectionError) return cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    return new ConnectionError(`cannot connect to ${this.url}: ${why}`, { cause });
  }
}

/** What is told where each of the addresses failed. */
function oneOf(failures: readonly ConnectionError[]): ConnectionError {
  const [first] = failures;
  if (first !== undefined && failures.length === 1) return first;
  const told = new Set(failures.map(({ message }) => message));
  const refused = failures.every((failure) => BrokerRefusedError.isInstance(failure));
  return new (refused ? BrokerRefusedError : ConnectionError)([...told].join('; '), {
    cause: new AggregateError(failures),
  });
}
