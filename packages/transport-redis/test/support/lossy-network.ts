import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A stretch of network between a client and a server, which can lose what the server answers. */
export class LossyNetwork {
  /** Loses all answers; what is asked still arrives. */
  deaf = false;
  /** Is deaf from the moment that somebody asks with this text. */
  deafAfter: string | undefined;
  readonly #sockets = new Set<Socket>();
  #url = '';

  static async start(port: number): Promise<LossyNetwork> {
    const network = new LossyNetwork();
    const server = createServer((client) => {
      const upstream = connect(port, '127.0.0.1');
      for (const socket of [client, upstream]) {
        network.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => network.#sockets.delete(socket));
      }
      client.on('data', (data) => {
        if (network.deafAfter !== undefined && data.includes(network.deafAfter)) network.deaf = true;
        upstream.write(data);
      });
      upstream.on('data', (data) => {
        if (!network.deaf) client.write(data);
      });
      client.on('close', () => upstream.end());
      upstream.on('close', () => client.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    network.#url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}/0`;
    onTestFinished(() => {
      network.cut();
      server.close();
    });
    return network;
  }

  get url(): string {
    return this.#url;
  }

  /** Breaks all connections; new ones are whole again. */
  cut(): void {
    this.deaf = false;
    this.deafAfter = undefined;
    for (const socket of this.#sockets) socket.destroy();
  }
}
