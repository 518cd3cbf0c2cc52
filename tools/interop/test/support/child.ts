import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const KEPT = 20_000;

/** Where the fixtures are. */
export const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));

/** A process whose output is waited for. */
export class Child {
  readonly process: ChildProcess;
  /** The end of what it printed. */
  output = '';
  readonly ended: Promise<void>;
  readonly #waiters = new Set<() => void>();
  #isEnded = false;

  constructor(file: string, args: readonly string[], env: Record<string, string>) {
    this.process = spawn(file, args, {
      cwd: tmpdir(),
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONPATH: fixtures, ...env },
      stdio: 'pipe',
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-KEPT);
        this.#wake();
      });
    }
    this.ended = new Promise((resolve) => {
      this.process.once('close', () => {
        this.#isEnded = true;
        this.#wake();
        resolve();
      });
    });
  }

  /** Resolves when it has printed this; rejects when it ends without. */
  async printed(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.output)) {
      if (this.#isEnded) throw new Error(`it ended without printing ${pattern}:\n${this.output}`);
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  async stop(): Promise<void> {
    if (!this.#isEnded) this.process.kill('SIGKILL');
    await this.ended;
  }

  #wake(): void {
    for (const resolve of this.#waiters) resolve();
    this.#waiters.clear();
  }
}
