import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onEnd } from './scratch.js';

const bin = fileURLToPath(new URL('../../dist/bin.js', import.meta.url));
export const tasksModule: string = fileURLToPath(new URL('../fixtures/tasks.js', import.meta.url));

/** A line of a worker's JSON log. */
export interface LogLine {
  level: number;
  msg: string;
  taskId?: string;
  taskName?: string;
  [field: string]: unknown;
}

/** What a line says, if it is one of the log; the last line of a process that was killed may be cut off. */
function logLine(line: string): LogLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}

/** A `pool` process, its output, and waits for it. */
export class PoolProcess {
  readonly process: ChildProcess;
  readonly lines: LogLine[] = [];
  stdout = '';
  stderr = '';
  readonly #waiters = new Set<() => void>();
  readonly #exit: Promise<number | null>;

  constructor(args: readonly string[], env: Record<string, string>) {
    this.process = spawn(process.execPath, [bin, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    const lines = createInterface({ input: this.process.stderr as NodeJS.ReadableStream });
    lines.on('line', (line) => {
      this.stderr += `${line}\n`;
      const logged = logLine(line);
      if (logged !== undefined) this.lines.push(logged);
      this.#look();
    });
    this.#exit = once(this.process, 'close').then(([code]) => {
      this.#look();
      return code as number | null;
    });
    onEnd(async () => {
      this.process.kill('SIGKILL');
      await this.#exit;
    });
  }

  /** Resolves with the exit code when the process has ended. */
  exited(): Promise<number | null> {
    return this.#exit;
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Resolves with the first log line that fits; rejects when the process ends without one. */
  line(fits: RegExp | ((line: LogLine) => boolean)): Promise<LogLine> {
    const test = fits instanceof RegExp ? (line: LogLine): boolean => fits.test(line.msg) : fits;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.lines.find(test);
        if (found === undefined && this.process.exitCode === null && this.process.signalCode === null) return;
        this.#waiters.delete(look);
        if (found === undefined) reject(new Error(`the process ended without that line:\n${this.stderr}`));
        else resolve(found);
      };
      this.#waiters.add(look);
      look();
    });
  }

  #look(): void {
    for (const look of [...this.#waiters]) look();
  }
}

/** Starts `pool worker` on the tasks of the fixtures, and waits until it is ready. */
export async function startWorker(env: Record<string, string>, ...args: string[]): Promise<PoolProcess> {
  const worker = new PoolProcess(['worker', '-A', tasksModule, ...args], env);
  await worker.line(/ ready$/);
  return worker;
}
