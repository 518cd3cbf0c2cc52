import { fileURLToPath } from 'node:url';
import {
  MessageChannel,
  type MessagePort,
  type ResourceLimits,
  receiveMessageOnPort,
  type Worker,
} from 'node:worker_threads';
import type { Child, ChildListener } from '@pool/core';
import { Tinypool } from 'tinypool';
import { ClaimRing } from './claim-ring.js';
import { MessageWriter } from './message-writer.js';
import { readMessage } from './read-message.js';
import { SharedSlate } from './shared-slate.js';
import { SlateMailbox } from './slate-mailbox.js';
import type { ThreadData } from './thread-main.js';

/** How to make a thread: what tinypool passes on to `new Worker`. */
export interface ThreadOptions {
  readonly resourceLimits?: ResourceLimits;
  readonly env?: Record<string, string>;
  readonly argv?: string[];
  readonly execArgv?: string[];
}

const entry = fileURLToPath(new URL('./thread-main.js', import.meta.url));
/** How many characters or bytes may be sent to a thread that says nothing before the pool holds jobs back. */
const CONGESTED = 8 * 1024 * 1024;

/**
 * A worker thread. Tinypool spawns it, imports the entry and terminates it; jobs travel over a port of our own. All that
 * concerns tinypool is in this file.
 *
 * Tinypool does not notice when a thread leaves by `process.exit`, and replaces one that failed on its own: so there is
 * one Tinypool a thread, which is told to want none once it has it, and we watch the thread itself.
 */
export class ThreadChild implements Child {
  readonly pid: number;
  readonly #listener: ChildListener;
  readonly #port: MessagePort;
  readonly #writer: MessageWriter;
  readonly #slate: SharedSlate = new SharedSlate();
  readonly claims: ClaimRing;
  readonly #worker: Worker;
  readonly #destroy: AbortController = new AbortController();
  #sentUnanswered = 0;
  #congested = false;
  #error: unknown;
  #killedBy: NodeJS.Signals | undefined = undefined;

  /** @param depth how many jobs it is sent at a time at most */
  constructor(listener: ChildListener, depth: number, options: ThreadOptions) {
    this.#listener = listener;
    const claims = ClaimRing.allocate(depth);
    this.claims = new ClaimRing(claims);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#writer = new MessageWriter(new SlateMailbox(port1, this.#slate, this.claims));
    const tinypool = new Tinypool({
      ...options,
      filename: entry,
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: 1,
      useAtomics: false,
    });
    tinypool.options.minThreads = 0;
    this.#worker = (tinypool.threads[0] as unknown as { thread: Worker }).thread;
    this.pid = this.#worker.threadId;
    this.#worker.on('error', (error) => {
      this.#error = error;
    });
    this.#worker.on('exit', (exitCode) => this.#onExit(exitCode));
    const data: ThreadData = { port: port2, slate: this.#slate.memory, claims };
    tinypool.run(data, { transferList: [port2], signal: this.#destroy.signal }).catch((error: unknown) => {
      this.#error ??= error;
      // The entry itself failed, or the thread did; either way it must not stay.
      this.#destroy.abort();
    });
    // Something it said is lost, so nobody knows what it runs.
    port1.on('messageerror', () => this.kill('SIGKILL'));
    port1.on('message', (message: unknown) => this.#onMessage(message));
  }

  get congested(): boolean {
    return this.#congested;
  }

  get written(): number {
    return this.#writer.written;
  }

  write(kind: number, id: number, a: unknown, b: unknown): void {
    this.#writer.write(kind, id, a, b);
    if (this.#writer.full) this.#writer.flush();
  }

  flush(): void {
    const writer = this.#writer;
    writer.flush();
    this.#sentUnanswered += writer.sent;
    writer.sent = 0;
    this.#congested = this.#sentUnanswered > CONGESTED;
  }

  kill(signal: NodeJS.Signals): void {
    this.#killedBy ??= signal;
    this.#destroy.abort();
  }

  #onMessage(message: unknown): void {
    this.#sentUnanswered = 0;
    const wasCongested = this.#congested;
    this.#congested = false;
    this.#listener.onMessages(readMessage(message));
    if (wasCongested) this.#listener.onDrain();
  }

  #onExit(exitCode: number): void {
    // What the thread said last is still on its way.
    for (
      let last = receiveMessageOnPort(this.#port);
      last !== undefined;
      last = receiveMessageOnPort(this.#port)
    )
      this.#onMessage(last.message);
    this.#port.close();
    const killed = this.#killedBy;
    const error = this.#error as { code?: unknown } | undefined;
    this.#destroy.abort();
    this.#listener.onExit({
      exitCode: killed === undefined ? exitCode : null,
      signal: killed ?? null,
      ...(error?.code === 'ERR_WORKER_OUT_OF_MEMORY' ? { outOfMemory: true } : {}),
      ...(error === undefined || killed !== undefined ? {} : { error }),
    });
  }
}
