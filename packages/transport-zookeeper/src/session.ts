import { type BrokerUrl, ConnectionError } from '@pool/transport';
import zookeeper, { type Client, type Stat } from 'node-zookeeper-client';

const { CreateMode, Exception, State } = zookeeper;

/** What a path is called for: a child's name, or that something below it changed. */
export type Watch = () => void;

/** A session with the servers, with promises. Everything that has to be atomic is one transaction. */
export class Session {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** Opens a session; `onLost` is called once when the servers do not know it any more, or cannot be reached. */
  static open(
    urls: readonly BrokerUrl[],
    sessionTimeout: number,
    onLost: (error: Error) => void,
    signal: AbortSignal,
  ): Promise<Session> {
    const hosts = urls.map(({ host, port }) => `${host || '127.0.0.1'}:${port ?? 2181}`).join(',');
    const client = zookeeper.createClient(hosts, { sessionTimeout: sessionTimeout * 1000, retries: 0 });
    return new Promise((resolve, reject) => {
      let open = false;
      const fail = (reason: string): void => {
        if (open) client.close();
        else abandon(client);
        const error = new ConnectionError(
          `${open ? 'lost the session with' : 'cannot connect to'} ${urls[0]}: ${reason}`,
        );
        if (open) onLost(error);
        else reject(error);
      };
      const onAbort = (): void => fail('it took too long');
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      client.on('state', (state) => {
        if (state === State.SYNC_CONNECTED && !open) {
          open = true;
          signal.removeEventListener('abort', onAbort);
          resolve(new Session(client));
        } else if (state === State.EXPIRED) fail('the session expired');
        else if (state === State.AUTH_FAILED) fail('it refused the credentials');
        // A session that is only disconnected may come back, but what it holds may be gone by then.
        else if (state === State.DISCONNECTED && open) fail('the connection was lost');
      });
      client.connect();
    });
  }

  close(): void {
    this.#client.removeAllListeners('state');
    this.#client.close();
  }

  /** Makes a node and those above it; one that is there stays as it is. */
  async ensure(path: string, data?: Buffer): Promise<void> {
    await this.#call<unknown>((done) => this.#client.mkdirp(path, data ?? Buffer.alloc(0), done));
  }

  /** Children's names, and a call when they change. */
  children(path: string, watch?: Watch): Promise<string[]> {
    return this.#call<string[]>((done) => {
      if (watch === undefined) this.#client.getChildren(path, done);
      else this.#client.getChildren(path, watch, done);
    });
  }

  /** A node's data; undefined when it is gone. */
  async data(path: string): Promise<Buffer | undefined> {
    try {
      return (
        (await this.#call<Buffer | undefined>((done) => this.#client.getData(path, done))) ?? Buffer.alloc(0)
      );
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async stat(path: string): Promise<Stat | null> {
    return this.#call<Stat | null>((done) => this.#client.exists(path, done));
  }

  async setData(path: string, data: Buffer): Promise<void> {
    await this.#call<unknown>((done) => this.#client.setData(path, data, -1, done));
  }

  /** Makes a node that ends with the session; false when somebody else has it. */
  async claim(path: string, data: Buffer): Promise<boolean> {
    try {
      await this.#call<string>((done) => this.#client.create(path, data, CreateMode.EPHEMERAL, done));
      return true;
    } catch (error) {
      if (codeOf(error) === Exception.NODE_EXISTS) return false;
      throw error;
    }
  }

  /** Removes a node; false when it is gone already. */
  async remove(path: string): Promise<boolean> {
    try {
      await this.#call<unknown>((done) => this.#client.remove(path, -1, done));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** Several changes, all or none. */
  async transact(changes: readonly Change[]): Promise<void> {
    const transaction = this.#client.transaction();
    for (const change of changes) {
      if (change.create !== undefined) {
        transaction.create(change.create, change.data, CreateMode.PERSISTENT_SEQUENTIAL);
      } else if (change.check !== undefined) transaction.check(change.check, -1);
      else transaction.remove(change.remove, -1);
    }
    await this.#call<unknown>((done) => transaction.commit(done));
  }

  #call<T>(call: (done: (error: unknown, value?: unknown) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      call((error, value) => (error ? reject(error) : resolve(value as T)));
    });
  }
}

/**
 * Ends a client that is not connected yet. Its own `close` writes to a socket that may not be there; so it is told not
 * to try again, and is closed properly should the attempt under way succeed.
 */
function abandon(client: Client): void {
  const closing = -1;
  const { connectionManager } = client as unknown as {
    connectionManager?: { setState?(state: number): void };
  };
  client.removeAllListeners('state');
  client.once('connected', () => client.close());
  connectionManager?.setState?.(closing);
}

/** One change of a transaction: makes a numbered node, makes sure of one, or removes one. */
export type Change =
  | { create: string; data: Buffer; remove?: undefined; check?: undefined }
  | { check: string; create?: undefined; remove?: undefined }
  | { remove: string; create?: undefined; check?: undefined };

/** Whether an error says that a node is not there. */
export function isMissing(error: unknown): boolean {
  return codeOf(error) === Exception.NO_NODE;
}

function codeOf(error: unknown): number | undefined {
  return (error as { getCode?: () => number } | null)?.getCode?.();
}
