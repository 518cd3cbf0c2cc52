import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A frame with a method, as a client sent it. */
export interface MethodFrame {
  readonly classId: number;
  readonly methodId: number;
  /** What follows the method. */
  readonly args: Buffer;
}

/** Stands between clients and a broker: reads along, stops forwarding, or hangs up. */
export class TcpProxy {
  /** What clients sent since the start or the last `forget`. */
  sent: MethodFrame[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #frozen = false;

  private constructor(target: number) {
    this.#server = createServer((client) => {
      const broker = connect(target, '127.0.0.1');
      const reader = new FrameReader((frame) => this.sent.push(frame));
      client.on('data', (bytes) => reader.read(bytes));
      for (const [from, to] of [
        [client, broker],
        [broker, client],
      ] as const) {
        this.#sockets.add(from);
        from.pipe(to);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          this.#sockets.delete(from);
          if (!this.#frozen) to.destroy();
        });
        if (this.#frozen) from.pause();
      }
    });
  }

  static async start(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${(this.#server.address() as AddressInfo).port}//`;
  }

  get connections(): number {
    return this.#sockets.size / 2;
  }

  forget(): void {
    this.sent = [];
  }

  /** Nothing is forwarded any more, and nobody is told: a network that swallows. */
  freeze(): void {
    this.#frozen = true;
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  /** New connections are forwarded again; the frozen ones stay dead. */
  thaw(): void {
    this.#frozen = false;
  }

  /** Ends all connections, as a network that breaks. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Reads the frames of one direction. */
class FrameReader {
  #rest = Buffer.alloc(0);
  #greeted = false;
  readonly #onMethod: (frame: MethodFrame) => void;

  constructor(onMethod: (frame: MethodFrame) => void) {
    this.#onMethod = onMethod;
  }

  read(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    if (!this.#greeted) {
      if (this.#rest.length < 8) return;
      this.#greeted = true;
      this.#rest = this.#rest.subarray(8);
    }
    while (this.#rest.length >= 8) {
      const size = this.#rest.readUInt32BE(3);
      if (this.#rest.length < size + 8) return;
      const payload = this.#rest.subarray(7, 7 + size);
      if (this.#rest.readUInt8(0) === 1) {
        this.#onMethod({
          classId: payload.readUInt16BE(0),
          methodId: payload.readUInt16BE(2),
          args: Buffer.from(payload.subarray(4)),
        });
      }
      this.#rest = this.#rest.subarray(size + 8);
    }
  }
}
