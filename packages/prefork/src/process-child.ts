import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  type Child,
  type ChildExit,
  type ChildListener,
  type ChildSpec,
  FrameReader,
  FrameWriter,
  type Serialization,
} from '@pool/core';
import type { ClaimFile } from './claim-file.js';
import { readInto } from './inlet.js';
import type { OomKills } from './oom-kills.js';
import { Outflow } from './outflow.js';
import { LATE, type Output } from './output.js';

/** How to make a process, and what it shares with the others of its pool. */
export interface ProcessOptions {
  readonly serialization: Serialization;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string | undefined;
  readonly execArgv: readonly string[];
  readonly killGrace: number;
  /** Where the child's lines go: to an output, straight to this process's own, or nowhere. The end of stderr is kept. */
  readonly stdout: Output | 'inherit' | 'ignore';
  readonly stderr: Output | 'inherit' | 'ignore';
  /** The child's own; closed with it. */
  readonly claims: ClaimFile | undefined;
  readonly oomKills: OomKills;
  /** Nothing can be put into its claims, so it is to be replaced by one that does without. */
  onClaimsFailed(error: unknown): void;
  /** The process has ended and, if it was killed, all it started. */
  onGone(pid: number): void;
}

/** Sends a child on that stands by: a frame with nothing in it. */
const GO_ON = Buffer.concat(new FrameWriter().take());
const entry = fileURLToPath(new URL('./child-main.cjs', import.meta.url));
/** How many bytes may wait to be sent to a child before the pool holds jobs back. */
const CONGESTED = 256 * 1024;
/** How many times of standing by for nothing make the child be asked more rarely, each twice as much. */
const MOST_IN_VAIN = 6;
/** How many characters of stderr are kept for error messages. */
const TAIL = 4096;

/**
 * A child process and the channel to it: one socket pair each way, beside its stdio, and a lane of their own for messages
 * to a child that stands by, see `ChildChannel`. The child writes to its own blockingly, so that nothing it said can be
 * lost when it ends.
 */
export class ProcessChild implements Child {
  readonly #process: ChildProcess;
  readonly #listener: ChildListener;
  readonly #options: ProcessOptions;
  readonly #writer: FrameWriter;
  readonly #toChild: Outflow | undefined;
  readonly #lane: Outflow | undefined;
  /** Whether the child waits in the lane. */
  #standing = false;
  /** How many frames were sent, and how many when the child was last asked to stand by. */
  #sent = 0;
  #invitedAt = 0;
  #goingOn: NodeJS.Immediate | undefined = undefined;
  /** How many times in a row it stood by for nothing, and for how many frames it is not asked to. */
  #inVain = 0;
  #uninvited = 0;
  readonly claims: ClaimFile | undefined;
  /** What has to end before the process has: itself, its channel, its stderr. */
  readonly #open: Set<string> = new Set(['process', 'channel']);
  #stderrTail = '';
  #error: unknown;
  #congested = false;
  #killed = false;
  #exit: { exitCode: number | null; signal: NodeJS.Signals | null } | undefined = undefined;
  #late: NodeJS.Timeout | undefined = undefined;
  #ended = false;

  constructor(spec: ChildSpec, listener: ChildListener, options: ProcessOptions) {
    this.#listener = listener;
    this.#options = options;
    this.#writer = new FrameWriter(options.serialization);
    const { claims, stdout, stderr } = options;
    this.claims = claims;
    const args = [
      ...options.execArgv,
      entry,
      options.serialization,
      claims === undefined ? '' : 'claims',
      stderr === 'inherit' ? '' : 'piped',
    ];
    this.#process = spawn(process.execPath, args, {
      // A group of its own, so that it can be killed with all it started, and a terminal's ^C does not reach it.
      detached: true,
      stdio: [
        'ignore',
        typeof stdout === 'string' ? stdout : 'pipe',
        stderr === 'inherit' ? stderr : 'pipe',
        'pipe',
        'pipe',
        claims?.fd ?? 'ignore',
        'pipe',
      ],
      env: options.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      windowsHide: true,
    });
    // The pool keeps this process alive while it has something to do; a child by itself does not.
    this.#process.unref();
    this.#process.once('error', (error) => this.#onSpawnError(error));
    this.#process.once('exit', (exitCode, signal) => this.#onProcessExit(exitCode, signal));
    const [, out, err, toChild, fromChild, , lane] = this.#process.stdio as unknown as (
      | Socket
      | null
      | undefined
    )[];
    if (toChild) this.#toChild = new Outflow(toChild, () => this.#onDrain());
    // There, the other half of a pipe cannot be read blockingly.
    if (lane && process.platform !== 'win32') this.#lane = new Outflow(lane, () => this.#onDrain());
    else lane?.destroy();
    if (fromChild) this.#read(fromChild);
    if (out && typeof stdout !== 'string') stdout.forward(out, () => spec.label);
    if (err) {
      this.#open.add('stderr');
      if (typeof stderr !== 'string') stderr.forward(err, () => spec.label);
      else err.unref();
      err.on('error', () => {});
      err.on('data', (chunk: Buffer) => {
        this.#stderrTail = (this.#stderrTail + chunk.toString('utf8')).slice(-TAIL);
      });
      err.once('close', () => this.#closed('stderr'));
    }
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

  flush(brief = false): void {
    if (this.#writer.empty) return;
    const invited = brief && this.#lane !== undefined && this.#uninvited === 0;
    if (brief && this.#uninvited > 0) this.#uninvited -= 1;
    const way = this.#standing ? this.#lane : this.#toChild;
    if (this.#standing) this.#inVain = 0;
    this.#standing = false;
    if (!this.#publish()) return;
    this.#sent += 1;
    if (invited) this.#invitedAt = this.#sent;
    const pieces = this.#writer.take(invited);
    if (way === undefined) return;
    const waiting = way.send(pieces);
    if (waiting === 0) return;
    this.#writer.keep();
    this.#congested = waiting >= CONGESTED;
  }

  /** Puts up the ids of what is about to be sent; what they cannot be put up for is not the child's to begin. */
  #publish(): boolean {
    try {
      this.claims?.publish();
      return true;
    } catch (error) {
      this.#error = error;
      this.#options.onClaimsFailed(error);
      this.kill('SIGKILL');
      return false;
    }
  }

  #receive(batch: readonly unknown[], marked: boolean): void {
    if (marked) {
      // What was sent after the invitation waits where the child does not look now.
      if (this.#sent === this.#invitedAt) this.#standing = true;
      else this.#lane?.send([GO_ON]);
    }
    this.#listener.onMessages(batch);
    if (this.#standing && this.#goingOn === undefined) this.#goOnSoon();
  }

  /** Leaves a moment to whoever got a result to hand in the next job. */
  #goOnSoon(): void {
    this.#goingOn = setImmediate(() => {
      this.#goingOn = undefined;
      this.#goOn();
    });
  }

  #goOn(): void {
    if (!this.#standing) return;
    this.#standing = false;
    // Sending it on costs a write here and a wake there: where jobs come one at a time, now and then, it is rarely asked to.
    this.#inVain = Math.min(this.#inVain + 1, MOST_IN_VAIN);
    this.#uninvited = 2 ** this.#inVain;
    this.#lane?.send([GO_ON]);
  }

  kill(signal: NodeJS.Signals): void {
    this.#killed = true;
    // Its handlers of signals run when its event loop turns.
    this.#goOn();
    if (this.#exit === undefined) this.#signalGroup(signal);
  }

  /** Sends a signal to the process and all it started that has not left its group; false if there is none. */
  #signalGroup(signal: NodeJS.Signals | 0): boolean {
    const { pid } = this.#process;
    if (pid === undefined) return false;
    try {
      process.kill(-pid, signal);
      return true;
    } catch {
      return signal !== 0 && this.#exit === undefined && this.#process.kill(signal);
    }
  }

  #onDrain(): void {
    if (!this.#congested) return;
    this.#congested = false;
    this.#listener.onDrain();
  }

  #read(socket: Socket): void {
    const reader = new FrameReader((batch, marked) => this.#receive(batch, marked));
    const inlet = readInto(socket, (buffer, length) => {
      try {
        reader.push(buffer, length);
      } catch (error) {
        // Something in the child wrote to the channel. What it means to say cannot be known any more.
        this.#error = error;
        inlet.destroy();
        this.kill('SIGKILL');
      }
    });
    inlet.unref();
    inlet.on('error', () => {});
    inlet.once('close', () => this.#closed('channel'));
  }

  #onSpawnError(error: Error): void {
    // Also told when a signal could not be sent, which says nothing of the process.
    if (this.#process.pid !== undefined) return;
    const { cwd } = this.#options;
    // The system blames the program for a folder that is not there.
    this.#error =
      cwd === undefined || existsSync(cwd)
        ? error
        : new Error(`the folder '${cwd}' of the option cwd is not there`, { cause: error });
    this.#end();
  }

  #onProcessExit(exitCode: number | null, signal: NodeJS.Signals | null): void {
    this.#exit = { exitCode, signal };
    const { killGrace, onGone } = this.#options;
    // What a killed child started was asked to end with it, and has the same grace.
    if (this.#killed && this.#signalGroup(0))
      setTimeout(() => {
        this.#signalGroup('SIGKILL');
        onGone(this.pid);
      }, killGrace * 1000);
    else onGone(this.pid);
    this.#closed('process');
    // What the child started may hold its stderr open for as long as it likes.
    if (!this.#ended) this.#late = setTimeout(() => this.#end(), LATE);
  }

  #closed(part: string): void {
    this.#open.delete(part);
    if (this.#open.size === 0) this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#late);
    this.#toChild?.close();
    this.#lane?.close();
    const { exitCode = null, signal = null } = this.#exit ?? {};
    const exit: ChildExit = {
      exitCode,
      signal,
      stderrTail: this.#stderrTail,
      outOfMemory: this.#ranOutOfMemory(signal),
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
    this.#listener.onExit(exit);
    this.claims?.close();
  }

  #ranOutOfMemory(signal: NodeJS.Signals | null): boolean {
    if (signal === 'SIGKILL') return !this.#killed && this.#options.oomKills.claim();
    return signal === 'SIGABRT' && this.#stderrTail.includes('heap out of memory');
  }
}
