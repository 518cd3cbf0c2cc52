import { TcpProxy } from '@pool/servers';
import { onTestFinished } from 'vitest';

/** A frame with a method, as a client sent it. */
export interface MethodFrame {
  readonly classId: number;
  readonly methodId: number;
  /** What follows the method. */
  readonly args: Buffer;
}

/** A proxy before a broker, ended after the test. */
export interface WatchedProxy {
  readonly proxy: TcpProxy;
  /** The broker's, with the proxy in between. */
  readonly url: string;
  /** What clients sent. */
  readonly sent: MethodFrame[];
  /** How many heartbeats each connection sent. */
  readonly heartbeats: number[];
}

export async function watchedProxy(broker: { port: number; url: string }): Promise<WatchedProxy> {
  const sent: MethodFrame[] = [];
  const heartbeats: number[] = [];
  const proxy = await TcpProxy.start(broker.port, (client) => {
    const at = heartbeats.push(0) - 1;
    const reader = new FrameReader(
      (frame) => sent.push(frame),
      () => {
        heartbeats[at] = (heartbeats[at] as number) + 1;
      },
    );
    client.on('data', (bytes) => reader.read(bytes));
  });
  onTestFinished(() => proxy.stop());
  return { proxy, url: proxy.through(broker.url), sent, heartbeats };
}

/** Reads the frames of one direction. */
class FrameReader {
  #rest = Buffer.alloc(0);
  #greeted = false;
  readonly #onMethod: (frame: MethodFrame) => void;
  readonly #onHeartbeat: () => void;

  constructor(onMethod: (frame: MethodFrame) => void, onHeartbeat: () => void) {
    this.#onMethod = onMethod;
    this.#onHeartbeat = onHeartbeat;
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
      const type = this.#rest.readUInt8(0);
      if (type === 8) this.#onHeartbeat();
      if (type === 1) {
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
