import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** @import { AddressInfo, Socket } from 'node:net' */

/** Stands between a client and a server, and does to the connection what networks do. */
export class TcpProxy {
  #server = createServer((client) => this.#join(client));
  /** @type {Set<[client: Socket, server: Socket]>} */
  #pairs = new Set();
  #swallowing = false;
  #targetPort;

  /** @param {number} targetPort where the server listens on 127.0.0.1 */
  constructor(targetPort) {
    this.#targetPort = targetPort;
  }

  /** @param {number} targetPort */
  static async start(targetPort) {
    const proxy = new TcpProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port() {
    return /** @type {AddressInfo} */ (this.#server.address()).port;
  }

  /** How many connections go through it now. */
  get connections() {
    return this.#pairs.size;
  }

  /**
   * The URL of the server, with this in between.
   * @param {string} url
   */
  through(url) {
    return url.replace(`:${this.#targetPort}`, `:${this.port}`);
  }

  /** Ends every connection the hard way, on both sides. */
  cut() {
    for (const [client, server] of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** From now on everything that comes is swallowed, both ways: the connections look alive, and are not. */
  swallow() {
    this.#swallowing = true;
    for (const [client, server] of this.#pairs) {
      for (const socket of [client, server]) socket.unpipe().resume();
    }
  }

  /** New connections pass again; what was swallowed has left the old ones useless. */
  pass() {
    this.#swallowing = false;
  }

  async stop() {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** @param {Socket} client */
  #join(client) {
    const server = connect(this.#targetPort, '127.0.0.1');
    /** @type {[Socket, Socket]} */
    const pair = [client, server];
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
    }
    const end = () => {
      this.#pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    client.once('close', end);
    server.once('close', end);
    if (this.#swallowing) {
      client.resume();
      server.resume();
    } else {
      client.pipe(server);
      server.pipe(client);
    }
  }
}
