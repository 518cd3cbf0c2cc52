import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

type Pair = readonly [client: Socket, server: Socket];

/** Stands between a client and a server, and does to the connection what networks do. */
export class TcpProxy {
  // Half open, or the proxy would answer a farewell that it swallows.
  readonly #server = createServer({ allowHalfOpen: true }, (client) => this.#join(client));
  readonly #pairs = new Set<Pair>();
  /** Those of them that swallow. */
  readonly #dead = new Set<Pair>();
  readonly #targetPort: number;
  readonly #onConnection: (client: Socket) => void;
  #swallowing = false;

  private constructor(targetPort: number, onConnection: (client: Socket) => void) {
    this.#targetPort = targetPort;
    this.#onConnection = onConnection;
  }

  /**
   * @param targetPort where the server listens on 127.0.0.1
   * @param onConnection is given each new connection of a client, to read along
   */
  static async start(
    targetPort: number,
    onConnection: (client: Socket) => void = () => {},
  ): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort, onConnection);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many connections go through it now. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** The URL of the server, with this in between. */
  through(url: string): string {
    return url.replace(`:${this.#targetPort}`, `:${this.port}`);
  }

  /** Ends every connection the hard way, on both sides. */
  cut(): void {
    for (const pair of this.#pairs) reset(pair);
  }

  /** From now on everything that comes is swallowed, both ways: the connections look alive, and are not. */
  swallow(): void {
    this.#swallowing = true;
    for (const pair of this.#pairs) {
      this.#dead.add(pair);
      for (const socket of pair) socket.unpipe().resume();
    }
  }

  /** Ends what was swallowed: both sides learn of it. */
  bury(): void {
    for (const pair of this.#dead) reset(pair);
  }

  /** New connections pass again; what was swallowed has left the old ones useless. */
  pass(): void {
    this.#swallowing = false;
  }

  /** Ends every connection, and takes no more. */
  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    const server = connect({ port: this.#targetPort, host: '127.0.0.1', allowHalfOpen: true });
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.once('close', () => {
        this.#pairs.delete(pair);
        this.#dead.delete(pair);
        for (const end of pair) end.destroy();
      });
    }
    this.#onConnection(client);
    if (this.#swallowing) {
      this.#dead.add(pair);
      client.resume();
      server.resume();
    } else {
      client.pipe(server);
      server.pipe(client);
    }
  }
}

function reset([client, server]: Pair): void {
  client.resetAndDestroy();
  server.resetAndDestroy();
}
