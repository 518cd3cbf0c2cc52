import { createInterface } from 'node:readline';
import { Child, fixtures } from './child.js';
import type { Place } from './place.js';

/** A call as Python's `send_task` takes it. */
export interface PythonCall {
  task: string;
  args?: unknown[];
  kwargs?: Record<string, unknown>;
  options?: Record<string, unknown>;
  /** Exchanges to declare first: their types, by their names. */
  declare?: Record<string, 'topic' | 'fanout'>;
}

/** A queue as Celery's `task_queues` lists it. */
export interface PythonQueue {
  name: string;
  exchange: string;
  exchangeType?: 'direct' | 'topic';
  routingKey?: string;
  maxPriority?: number;
  arguments?: Record<string, unknown>;
}

/** A workflow as `producer.py` builds it. */
export type Tree = (
  | { chain: Tree[] }
  | { group: Tree[] }
  | { chord: [Tree[], Tree] }
  | (PythonCall & { immutable?: boolean })
) & { link?: Tree[]; link_error?: Tree[] };

/** What a task came to, as Python's `AsyncResult` shows it. */
export interface PythonOutcome {
  state: string | null;
  value?: unknown;
  error?: { type: string; module: string; message: string; args: string[] };
  traceback?: string | null;
}

/** A Python program that calls tasks with Celery and reads their results. */
export class PythonProducer {
  readonly #child: Child;
  readonly #answers: AsyncIterator<string>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(interpreter: string, place: Place) {
    this.#child = new Child(interpreter, ['-u', `${fixtures}producer.py`], place.pythonEnv);
    const { stdout } = this.#child.process;
    if (stdout === null) throw new Error('no stdout');
    this.#answers = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  /** Sends tasks; their ids. */
  send(...calls: PythonCall[]): Promise<string[]> {
    return this.#ask('send', { calls });
  }

  /** Starts a workflow; the id of its end. */
  canvas(tree: Tree): Promise<string> {
    return this.#ask('canvas', { tree });
  }

  /** Waits for results. */
  get(ids: readonly string[], timeout = 30): Promise<PythonOutcome[]> {
    return this.#ask('get', { ids, timeout });
  }

  /** Sends a task and waits for what it comes to. */
  async call(call: PythonCall): Promise<PythonOutcome> {
    const [outcome] = await this.get(await this.send(call));
    return outcome as PythonOutcome;
  }

  /** Runs a workflow and waits for its end. */
  async run(tree: Tree): Promise<PythonOutcome> {
    const [outcome] = await this.get([await this.canvas(tree)]);
    return outcome as PythonOutcome;
  }

  /** Declares queues with their exchanges and bindings. */
  async declare(queues: readonly PythonQueue[]): Promise<void> {
    await this.#ask('declare', { queues });
  }

  state(id: string): Promise<string> {
    return this.#ask('state', { id });
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }

  /** One at a time: the answers come in the order of the questions. */
  #ask<T>(command: string, params: Record<string, unknown>): Promise<T> {
    const answer = this.#last.then(async () => {
      this.#child.process.stdin?.write(`${JSON.stringify({ command, params })}\n`);
      const { value, done } = await this.#answers.next();
      if (done) throw new Error(`the Python producer ended:\n${this.#child.output}`);
      const read = JSON.parse(value) as { value?: T; error?: string };
      if (read.error !== undefined) throw new Error(read.error);
      return read.value as T;
    });
    this.#last = answer.catch(() => {});
    return answer;
  }
}
