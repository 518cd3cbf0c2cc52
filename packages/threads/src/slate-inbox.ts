import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { readMessage } from './read-message.js';
import type { SharedSlate } from './shared-slate.js';

/**
 * How many milliseconds a thread that has just ended its jobs waits for the next without turning its event loop. Long
 * enough for one that is on its way, short enough for timers and sockets not to notice.
 */
const LINGER = 1;
/** How many milliseconds jobs may come and go so before the event loop gets its turn. */
const TURN = 2;

/** Who reads what a thread is sent. */
export interface Reader {
  /** Whether it has nothing to do until something is sent. */
  readonly idle: boolean;
  receive(batch: readonly unknown[]): void;
}

/** Takes what a thread is sent, in the order it was sent: by its port, and by the slate while the thread looks there. */
export class SlateInbox {
  readonly #port: MessagePort;
  readonly #slate: SharedSlate;
  readonly #reader: Reader;
  /** How many messages by the port were read, and the one that comes next, once it was taken out. */
  #read = 0;
  #next: { message: unknown } | undefined = undefined;
  readonly #onImmediate = (): void => this.#linger();

  constructor(port: MessagePort, slate: SharedSlate, reader: Reader) {
    this.#port = port;
    this.#slate = slate;
    this.#reader = reader;
    port.on('message', (message: unknown) => {
      this.#receive(message);
      // What is large comes by the port, and after it comes more of the kind.
      if (typeof message === 'string') this.#linger();
    });
  }

  #receive(message: unknown): void {
    this.#read = (this.#read + 1) | 0;
    this.#reader.receive(readMessage(message));
  }

  #linger(): void {
    if (!this.#reader.idle) return;
    const slate = this.#slate;
    const turn = performance.now() + TURN;
    slate.open();
    try {
      while (this.#reader.idle) {
        // In this order: a letter that is older than the message was there before the message was.
        this.#next ??= receiveMessageOnPort(this.#port);
        if (slate.hasLetter) this.#takeLetter();
        else if (this.#next !== undefined) this.#takeMessage(this.#next);
        else if (!slate.wait(LINGER)) break;
        else if (performance.now() > turn) {
          setImmediate(this.#onImmediate);
          break;
        }
      }
    } finally {
      if (slate.close()) this.#takeLetter();
      if (this.#next !== undefined) this.#takeMessage(this.#next);
    }
  }

  #takeLetter(): void {
    while (this.#read !== this.#slate.letterAfter) {
      const next = this.#next ?? receiveMessageOnPort(this.#port);
      if (next === undefined) break;
      this.#takeMessage(next);
    }
    this.#reader.receive(JSON.parse(this.#slate.take()) as unknown[]);
  }

  #takeMessage({ message }: { message: unknown }): void {
    this.#next = undefined;
    this.#receive(message);
  }
}
