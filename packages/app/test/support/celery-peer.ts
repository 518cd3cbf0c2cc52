import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const script = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

/** A message as Celery published it. */
export interface CapturedMessage {
  readonly queue: string;
  readonly headers: Record<string, unknown>;
  readonly body: unknown;
  readonly priority: number | null;
}

/** What Celery publishes for the workflows of `celery_canvas.py`, by their names. */
export async function capturedWorkflows(python: string): Promise<Record<string, CapturedMessage[]>> {
  const { stdout } = await promisify(execFile)(python, [script('celery_canvas.py')], { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout) as Record<string, CapturedMessage[]>;
}

/** How a workflow that Celery began has ended. */
export type Ended = { readonly ok: unknown } | { readonly failed: readonly [type: string, message: string] };

/** A worker of Celery and a producer, in processes of their own, on a folder. */
export class CeleryPeer {
  readonly #worker: ChildProcess;
  readonly #producer: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  #stderr = '';

  constructor(python: string, folder: string) {
    this.#worker = spawn(python, [script('celery_app.py'), 'worker', folder], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#producer = spawn(python, [script('celery_app.py'), 'ask', folder], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    for (const { stderr } of [this.#worker, this.#producer]) {
      stderr?.on('data', (chunk) => {
        this.#stderr += String(chunk);
      });
    }
    if (!this.#producer.stdout) throw new Error('no output to read');
    this.#answers = createInterface({ input: this.#producer.stdout })[Symbol.asyncIterator]();
  }

  /** Has Celery begin a workflow and wait for its result. */
  async begin(workflow: string): Promise<Ended> {
    this.#producer.stdin?.write(`${JSON.stringify(workflow)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`the Python side ended: ${this.#stderr}`);
    return JSON.parse(value) as Ended;
  }

  async stop(): Promise<void> {
    const ended = [this.#worker, this.#producer].map((process) =>
      process.exitCode === null ? once(process, 'exit') : undefined,
    );
    this.#producer.stdin?.end();
    this.#worker.kill('SIGKILL');
    await Promise.all(ended);
  }
}
