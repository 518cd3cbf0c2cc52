import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Scene } from './scene.js';
import type { TransportProcessOrder } from './scripts/transport-process.js';
import type { Suite } from './suite.js';

/** A line a process wrote: what happened, and what belongs to it. */
export interface Told {
  event: string;
  texts?: string[];
  added?: string[];
  [detail: string]: unknown;
}

/** A process that uses the transport. It is killed when the test ends. */
export class TransportProcess {
  readonly child: ChildProcess;
  readonly told: Told[] = [];
  /** Resolves with its exit code, or the signal that killed it. */
  readonly exited: Promise<number | string>;
  readonly #scene: Scene;
  #stderr = '';
  /** The beginning of a line; of one that is killed it may be all that ever comes. */
  #rest = '';
  #listeners: (() => void)[] = [];

  constructor(suite: Suite, scene: Scene, order: Pick<TransportProcessOrder, 'play' | 'queue' | 'count'>) {
    const { module } = suite.options;
    assert.ok(module, 'the option module tells where another process finds the transport');
    this.#scene = scene;
    const complete: TransportProcessOrder = {
      ...order,
      module: String(module.url),
      export: module.export ?? 'createTransport',
      url: scene.url,
      options: module.options ?? {},
    };
    const script = fileURLToPath(new URL('./scripts/transport-process.js', import.meta.url));
    this.child = spawn(process.execPath, [script, JSON.stringify(complete)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#stderr += chunk;
    });
    this.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk));
    this.exited = once(this.child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
    scene.defer(() => this.kill());
  }

  /** The texts of all messages it told of. */
  get texts(): string[] {
    return this.told.flatMap(({ texts }) => texts ?? []);
  }

  /** Waits for an event it tells. */
  async tells(event: string): Promise<Told> {
    return this.#until(() => this.told.find((told) => told.event === event), `the process tells ${event}`);
  }

  /** Waits until it has told of that many messages. */
  async tellsOf(count: number): Promise<void> {
    await this.#until(
      () => (this.texts.length >= count ? true : undefined),
      `the process tells of ${count} messages`,
    );
  }

  /** Kills it as nothing can prevent. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  /** Waits until it ends by itself, and well. */
  async endsWell(): Promise<void> {
    const code = await this.#scene
      .within(this.exited, 'the process ends by itself')
      .catch((error: unknown) => {
        throw this.#failure(String(error));
      });
    if (code !== 0) throw this.#failure(`the process ended with ${code}`);
  }

  #read(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.told.push(JSON.parse(line) as Told);
    for (const listener of this.#listeners) listener();
  }

  async #until<T>(check: () => T | undefined, what: string): Promise<T> {
    const found = new Promise<T>((resolve) => {
      const listener = (): void => {
        const value = check();
        if (value !== undefined) resolve(value);
      };
      this.#listeners.push(listener);
      listener();
    });
    const gone = this.exited.then((code) => {
      const value = check();
      if (value !== undefined) return value;
      throw this.#failure(`the process ended with ${code} before ${what}`);
    });
    gone.catch(() => {});
    return this.#scene.within(Promise.race([found, gone]), what).catch((error: unknown) => {
      throw this.#failure(String(error));
    });
  }

  #failure(message: string): Error {
    return new assert.AssertionError({
      message: `${message}; it told ${JSON.stringify(this.told)} ${this.#stderr}`,
    });
  }
}
