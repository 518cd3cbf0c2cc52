import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const TAIL = 16_000;

/** A worker as a process of its own, started with the `pool` command as its users start it. */
export class WorkerProcess {
  /** @type {import('node:child_process').ChildProcess} */
  #child;
  #output = '';
  #stopping = false;
  /** Rejects when the worker ends before it is asked to. @type {Promise<never>} */
  lost;

  /**
   * @param {{ module: string, pool: string, concurrency: number | undefined, env: NodeJS.ProcessEnv }} options
   */
  constructor({ module, pool, concurrency, env }) {
    const args = ['worker', '-A', module, '-P', pool, '-l', 'warning', '--quiet'];
    if (concurrency !== undefined) args.push('-c', String(concurrency));
    this.#child = spawn(process.execPath, [poolCommand(), ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8');
      stream?.on('data', (chunk) => {
        this.#output = (this.#output + chunk).slice(-TAIL);
      });
    }
    this.lost = new Promise((_, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        if (this.#stopping) return;
        reject(new Error(`the worker ended with ${signal ?? `code ${code}`}:\n${this.#output}`));
      });
    });
    // Whoever runs a job waits for it beside the job; until then nobody does.
    this.lost.catch(() => {});
  }

  /** Asks the worker to finish what runs and to end, and waits until it has. */
  async stop() {
    this.#stopping = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    await closed;
  }
}

/** The file of the `pool` command. npm links it only if it is there at the install, and the build comes later. */
function poolCommand() {
  const manifest = createRequire(import.meta.url).resolve('@pool/worker/package.json');
  const { bin } = createRequire(import.meta.url)(manifest);
  return join(dirname(manifest), bin.pool);
}
