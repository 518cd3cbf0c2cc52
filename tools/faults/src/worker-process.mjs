import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@pool/servers';

/** @import { Readable } from 'node:stream' */

/** @typedef {{ level: number, msg: string, [field: string]: unknown }} LogLine */

const root = dirname(createRequire(import.meta.url).resolve('@pool/worker/package.json'));
const command = join(root, 'dist/bin.js');

/** How many lines of a log are kept. */
const KEPT = 2000;

/** A `pool worker` process, and what it logs. */
export class WorkerProcess {
  /** @type {LogLine[]} the last of them */
  lines = [];
  /** The end of what it said that is no log line. */
  other = '';
  #waiters = new Set();
  #isEnded = false;

  /**
   * @param {string} tasks the module of the app
   * @param {Record<string, string>} env
   * @param {readonly string[]} args more arguments of `pool worker`
   */
  constructor(tasks, env, args = []) {
    this.process = spawn(
      process.execPath,
      [command, 'worker', '-A', tasks, '--log-format', 'json', ...args],
      { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const output = createInterface({ input: /** @type {Readable} */ (this.process.stderr) });
    output.on('line', (line) => this.#read(line));
    /** @type {Promise<number | NodeJS.Signals | null>} */
    this.exited = once(this.process, 'close').then(([code, signal]) => {
      this.#isEnded = true;
      this.#wake();
      return signal ?? code;
    });
  }

  /**
   * Starts one and waits until it consumes. It logs no more than warnings, so that a log of everything it does is not
   * what is tested.
   * @param {string} tasks the module of the app
   * @param {Record<string, string>} env
   * @param {readonly string[]} args more arguments of `pool worker`
   */
  static async start(tasks, env, args = []) {
    const port = await freePort();
    const health = ['--health-port', String(port), '--health-host', '127.0.0.1'];
    const worker = new WorkerProcess(tasks, env, ['-l', 'warn', ...health, ...args]);
    worker.health = `http://127.0.0.1:${port}`;
    while (!(await worker.isReady())) {
      if (!worker.running) throw new Error(`it ended before it was ready:\n${worker.log()}`);
      await sleep(20);
    }
    return worker;
  }

  /** Where its health and metrics are served. */
  health = '';

  /** Whether it says that it consumes. */
  async isReady() {
    try {
      return (await fetch(`${this.health}/readyz`)).status === 200;
    } catch {
      return false;
    }
  }

  get pid() {
    return /** @type {number} */ (this.process.pid);
  }

  get running() {
    return !this.#isEnded;
  }

  /**
   * Resolves with the first line whose message fits; rejects when the process ends without one.
   * @param {RegExp} pattern
   * @returns {Promise<LogLine>}
   */
  async line(pattern) {
    for (;;) {
      const found = this.lines.find(({ msg }) => pattern.test(msg));
      if (found !== undefined) return found;
      if (this.#isEnded) throw new Error(`it ended without saying ${pattern}:\n${this.log()}`);
      await new Promise((resolve) => this.#waiters.add(resolve));
    }
  }

  /** What it logged last, to be read by people. */
  log() {
    return this.lines
      .slice(-60)
      .map(({ level, msg, err }) => `${level} ${msg} ${err === undefined ? '' : JSON.stringify(err)}`)
      .concat(this.other)
      .join('\n');
  }

  /** @param {NodeJS.Signals} signal */
  async kill(signal = 'SIGKILL') {
    this.process.kill(signal);
    return this.exited;
  }

  /** @param {string} line */
  #read(line) {
    try {
      this.lines.push(JSON.parse(line));
      if (this.lines.length > KEPT) this.lines.splice(0, this.lines.length - KEPT);
    } catch {
      this.other = `${this.other}${line}\n`.slice(-4000);
    }
    this.#wake();
  }

  #wake() {
    for (const resolve of this.#waiters) resolve();
    this.#waiters.clear();
  }
}
