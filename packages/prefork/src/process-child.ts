import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Child, ChildListener, ChildSpec } from '@pool/core';
import { FrameReader, FrameWriter, type Serialization } from '@pool/core/frames';
import { OutputLines } from './output-lines.js';

/** How to make a process. */
export interface ProcessOptions {
  readonly serialization: Serialization;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string | undefined;
  readonly execArgv: readonly string[];
  readonly output: 'prefix' | 'inherit' | 'ignore';
}

const entry = fileURLToPath(new URL('./child-main.js', import.meta.url));
/** How many bytes may wait to be sent to a child before the pool holds jobs back. */
const CONGESTED = 256 * 1024;
/** How many milliseconds the channel of a process that has ended may take to deliver the rest. */
const LATE = 1000;
/** How many characters of stderr are kept for error messages. */
const TAIL = 4096;

/**
 * A child process and the channel to it: one socket pair each way, beside its stdio. The child writes to its own
 * blockingly, so that nothing it said can be lost when it ends.
 */
export class ProcessChild implements Child {
  readonly #process: ChildProcess;
  readonly #listener: ChildListener;
  readonly #writer: FrameWriter;
  readonly #toChild: Socket;
  readonly #outputs: OutputLines[] = [];
  #stderrTail = '';
  #error: unknown;
  #congested = false;
  #exited: { exitCode: number | null; signal: NodeJS.Signals | null } | undefined = undefined;
  #channelEnded = false;
  #ended = false;

  constructor(spec: ChildSpec, listener: ChildListener, options: ProcessOptions) {
    this.#listener = listener;
    this.#writer = new FrameWriter(options.serialization);
    const output = options.output === 'prefix' ? 'pipe' : options.output;
    this.#process = spawn(process.execPath, [...options.execArgv, entry, options.serialization], {
      // A group of its own, so that it can be killed with all it started, and a terminal's ^C does not reach it.
      detached: true,
      stdio: ['ignore', output, output, 'pipe', 'pipe'],
      env: options.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      windowsHide: true,
    });
    this.#process.once('error', (error) => {
      this.#error = error;
      this.#end();
    });
    this.#process.once('exit', (exitCode, signal) => {
      this.#exited = { exitCode, signal };
      if (this.#channelEnded) this.#end();
      else setTimeout(() => this.#end(), LATE).unref();
    });
    const [, stdout, stderr, toChild, fromChild] = this.#process.stdio as unknown as (Socket | null)[];
    this.#toChild = toChild as Socket;
    this.#toChild.on('error', () => {});
    this.#toChild.on('drain', () => this.#onDrain());
    this.#read(fromChild as Socket);
    if (stdout) this.#forward(stdout, process.stdout, spec);
    if (stderr) this.#forward(stderr, process.stderr, spec);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get congested(): boolean {
    return this.#congested;
  }

  write(kind: number, id: number, a: unknown, b: unknown): void {
    this.#writer.write(kind, id, a, b);
    if (this.#writer.full) this.flush();
  }

  flush(): void {
    if (this.#writer.empty) return;
    const pieces = this.#writer.take();
    const socket = this.#toChild;
    if (!socket.writable) return;
    if (pieces.length === 1) socket.write(pieces[0] as Buffer);
    else {
      socket.cork();
      for (const piece of pieces) socket.write(piece);
      socket.uncork();
    }
    if (socket.writableLength === 0) return;
    this.#writer.keep();
    this.#congested = socket.writableLength >= CONGESTED;
  }

  kill(signal: NodeJS.Signals): void {
    const { pid } = this.#process;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      if (this.#exited === undefined) this.#process.kill(signal);
    }
  }

  #onDrain(): void {
    if (!this.#congested) return;
    this.#congested = false;
    this.#listener.onDrain();
  }

  #read(socket: Socket): void {
    const reader = new FrameReader((batch) => this.#listener.onMessages(batch));
    socket.on('data', (chunk: Buffer) => reader.push(chunk));
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#channelEnded = true;
      if (this.#exited !== undefined) this.#end();
    });
  }

  #forward(from: Socket, to: NodeJS.WriteStream, spec: ChildSpec): void {
    const lines = new OutputLines((line) => {
      to.write(`[${spec.index === 0 ? 'spare' : spec.index}] ${line}\n`);
      if (to === process.stderr) this.#stderrTail = `${this.#stderrTail}${line}\n`.slice(-TAIL);
    });
    this.#outputs.push(lines);
    from.on('data', (chunk: Buffer) => lines.push(chunk));
    from.once('end', () => lines.end());
    from.on('error', () => {});
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const lines of this.#outputs) lines.end();
    this.#toChild.destroy();
    const { exitCode = null, signal = null } = this.#exited ?? {};
    this.#listener.onExit({
      exitCode,
      signal,
      stderrTail: this.#stderrTail,
      ...(this.#error === undefined ? {} : { error: this.#error }),
    });
  }
}
