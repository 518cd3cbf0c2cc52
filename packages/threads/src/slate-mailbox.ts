import type { MessagePort, Transferable } from 'node:worker_threads';
import type { Mailbox } from './message-writer.js';
import type { SharedSlate } from './shared-slate.js';

/** The way to a thread: by what is shared with it while it waits there, else by its port. */
export class SlateMailbox implements Mailbox {
  readonly #port: MessagePort;
  readonly #slate: SharedSlate;
  #posted = 0;

  constructor(port: MessagePort, slate: SharedSlate) {
    this.#port = port;
    this.#slate = slate;
  }

  postMessage(message: unknown, transferList?: readonly Transferable[]): void {
    if (typeof message === 'string' && this.#slate.hand(message, this.#posted)) return;
    this.#port.postMessage(message, transferList);
    this.#posted = (this.#posted + 1) | 0;
    this.#slate.ring();
  }
}
