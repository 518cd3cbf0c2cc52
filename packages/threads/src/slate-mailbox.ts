import type { MessagePort, Transferable } from 'node:worker_threads';
import type { ClaimRing } from './claim-ring.js';
import type { Mailbox } from './message-writer.js';
import type { SharedSlate } from './shared-slate.js';

/** The way to a thread: by what is shared with it while it waits there, else by its port. */
export class SlateMailbox implements Mailbox {
  readonly #port: MessagePort;
  readonly #slate: SharedSlate;
  readonly #claims: ClaimRing;
  #posted = 0;

  constructor(port: MessagePort, slate: SharedSlate, claims: ClaimRing) {
    this.#port = port;
    this.#slate = slate;
    this.#claims = claims;
  }

  postMessage(message: unknown, transferList?: readonly Transferable[]): void {
    // What the thread is to claim is there before it hears of it.
    this.#claims.publish();
    if (typeof message === 'string' && this.#slate.hand(message, this.#posted)) return;
    this.#port.postMessage(message, transferList);
    this.#posted = (this.#posted + 1) | 0;
    this.#slate.ring();
  }
}
