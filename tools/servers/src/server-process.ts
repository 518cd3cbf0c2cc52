import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerStartError } from './errors.js';
import { freePort } from './free-port.js';
import { OutputTail } from './output-tail.js';
import { stopped } from './process-state.js';
import { forgetServer, rememberServer } from './reaper.js';

/** How to run one server in the foreground. */
export interface ServerCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What it prints when it serves. */
  readonly ready: RegExp;
}

/** What a launcher says about its server. */
export interface ServerPlan {
  readonly name: string;
  /** The port to use; a free one by default. */
  readonly port?: number | undefined;
  /** Seconds to wait until it serves; 60 by default. */
  readonly startTimeout?: number;
  /** Writes its configuration to the folder and says how to run it; called again for every start. */
  command(port: number, folder: string): Promise<ServerCommand> | ServerCommand;
}

const PORT_TAKEN =
  /address (is )?already in use|eaddrinuse|failed to start (tcp )?listener|already a epmd running/i;
const ATTEMPTS = 5;
const PATIENCE_MS = 10_000;

/** A server as a child process with a folder of its own, both gone when it is stopped or when this process ends. */
export class ServerProcess {
  readonly name: string;
  /** Where its configuration, data and logs are. */
  readonly folder: string;
  readonly #plan: ServerPlan;
  readonly #output: OutputTail = new OutputTail();
  #port = 0;
  #child: ChildProcess | undefined;
  #closed: Promise<void> = Promise.resolve();
  #stopped = false;

  private constructor(plan: ServerPlan) {
    this.name = plan.name;
    this.#plan = plan;
    this.folder = mkdtempSync(join(tmpdir(), `pool-${plan.name}-`));
    rememberServer({ folder: this.folder });
  }

  /** Starts a server and waits until it serves. */
  static async start(plan: ServerPlan): Promise<ServerProcess> {
    const server = new ServerProcess(plan);
    try {
      for (let attempt = 1; ; attempt += 1) {
        server.#port = plan.port ?? (await freePort());
        try {
          await server.#run();
          return server;
        } catch (error) {
          // Another process may have taken the port since it was seen free.
          if (plan.port !== undefined || attempt === ATTEMPTS || !PORT_TAKEN.test(server.output)) throw error;
        }
      }
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get port(): number {
    return this.#port;
  }

  /** The id of the server's process, which leads a process group of its own. */
  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`${this.name} is not running`);
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** The last 64 KiB that the server printed since it was started. */
  get output(): string {
    return this.#output.text;
  }

  /** Waits until the server prints, or has printed since its start, what matches. */
  async printed(pattern: RegExp, seconds = 30): Promise<void> {
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort(
        new Error(`${this.name} did not print ${pattern} within ${seconds} s:\n${this.output.slice(-4000)}`),
      );
    }, seconds * 1000);
    await this.#output.seen(pattern, late.signal).finally(() => clearTimeout(timer));
  }

  /**
   * Sends a signal to the server and waits until it has ended. Its folder stays, so that {@link restart} finds its data.
   * @param signal SIGKILL by default, as in a crash; SIGTERM lets it write what it has.
   */
  async kill(signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child) return;
    child.ref();
    this.#signal(signal);
    // A paused process takes nothing but SIGKILL before it goes on.
    if (signal !== 'SIGKILL') this.#signal('SIGCONT');
    const impatient = setTimeout(() => this.#signal('SIGKILL'), PATIENCE_MS);
    await this.#closed;
    clearTimeout(impatient);
  }

  /** Ends the server if it runs and starts it again on the same port with the same data. */
  async restart(options: { signal?: 'SIGKILL' | 'SIGTERM' } = {}): Promise<void> {
    if (this.#stopped) throw new Error(`${this.name} was stopped, its data is gone`);
    await this.kill(options.signal ?? 'SIGTERM');
    await this.#run();
  }

  /** Freezes the server (SIGSTOP) and waits until it stands: its connections stay open and nothing answers. */
  async pause(): Promise<void> {
    this.#signal('SIGSTOP');
    await stopped(this.pid);
  }

  /** Lets a paused server go on (SIGCONT). */
  resume(): void {
    this.#signal('SIGCONT');
  }

  /** Ends the server and deletes its folder. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.kill('SIGKILL');
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    forgetServer({ folder: this.folder });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #signal(signal: NodeJS.Signals): void {
    const group = this.#child?.pid;
    if (group === undefined) return;
    try {
      process.kill(-group, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  async #run(): Promise<void> {
    const { file, args, env, ready } = await this.#plan.command(this.#port, this.folder);
    this.#output.clear();
    const child = spawn(file, args, {
      cwd: this.folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child = child;
    const group = child.pid;
    if (group !== undefined) rememberServer({ group });
    this.#output.read(child.stdout);
    this.#output.read(child.stderr);

    const starting = new AbortController();
    this.#closed = new Promise((resolve) => {
      // `close` comes after all who hold the output, so after the server's own children too.
      child.once('close', (code, signal) => {
        if (group !== undefined) forgetServer({ group });
        this.#child = undefined;
        starting.abort(new Error(`it ended with ${signal ?? `code ${code}`}`));
        resolve();
      });
      child.once('error', (error) => {
        starting.abort(error);
      });
    });
    const seconds = this.#plan.startTimeout ?? 60;
    const late = setTimeout(() => starting.abort(new Error(`it took over ${seconds} s`)), seconds * 1000);
    try {
      await this.#output.seen(ready, starting.signal);
    } catch (cause) {
      await this.kill('SIGKILL');
      const reason = cause instanceof Error ? cause.message : String(cause);
      const tail = this.output.slice(-4000);
      throw new ServerStartError(`${this.name} did not start on port ${this.#port}: ${reason}\n${tail}`, {
        cause,
      });
    } finally {
      clearTimeout(late);
    }
    // A forgotten server must not keep a finished test process alive; the reaper ends it then.
    child.unref();
    for (const stream of [child.stdout, child.stderr]) (stream as unknown as { unref(): void }).unref();
  }
}
