import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

interface Answer {
  ok?: unknown;
  failed?: string;
}

/** A Python process with Celery's file-system result backend on a folder. */
export class CeleryPeer {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  #stderr = '';

  constructor(python: string, folder: string) {
    const script = fileURLToPath(new URL('../fixtures/celery_results.py', import.meta.url));
    this.#process = spawn(python, [script, folder]);
    this.#process.stderr.on('data', (chunk) => {
      this.#stderr += String(chunk);
    });
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async ask<T = unknown>(op: string, args: Record<string, unknown> = {}): Promise<T> {
    this.#process.stdin.write(`${JSON.stringify({ op, ...args })}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`the Python side ended: ${this.#stderr}`);
    const answer = JSON.parse(value) as Answer;
    if (answer.failed !== undefined) throw new Error(answer.failed);
    return answer.ok as T;
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.stdin.end();
    await ended;
  }
}
