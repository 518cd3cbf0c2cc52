import {
  type App,
  Ignore,
  planChild,
  planFailure,
  planReplace,
  planSuccess,
  Replace,
  Retry,
  resultHandle,
  type TaskContext,
  type TaskRequest,
} from '@pool/app';
import { decodeTaskBody, type Message, parseTaskHeaders } from '@pool/message';
import { exceptionDocument, type ResultNode } from '@pool/results';
import type { Consumer, Delivery } from '@pool/transport';

/** A message that was run, as the tests look at it. */
export interface Run {
  readonly task: string;
  readonly id: string;
  readonly args: readonly unknown[];
  readonly request: TaskRequest;
}

/** The least a worker can be: runs the tasks of an app in this process and does what follows from them. */
export class InlineWorker {
  readonly runs: Run[] = [];
  readonly #app: App;
  readonly #running = new Set<Promise<void>>();
  #consumer: Consumer | undefined;

  constructor(app: App) {
    this.#app = app;
  }

  /** Consumes some queues. */
  async start(...queues: string[]): Promise<void> {
    const transport = await this.#app.transport();
    await transport.connect();
    for (const name of queues) await transport.declareQueue({ name });
    this.#consumer = await transport.consume({
      queues,
      onDeliveries: (deliveries) => {
        for (const delivery of deliveries) this.#track(this.#handle(delivery));
      },
    });
  }

  /** Takes no more and ends what it has. */
  async stop(): Promise<void> {
    await this.#consumer?.cancel();
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #track(handling: Promise<void>): void {
    this.#running.add(handling);
    void handling.finally(() => this.#running.delete(handling));
  }

  async #handle(delivery: Delivery): Promise<void> {
    // A task that asks for a retry runs again at once, however long it asked to wait.
    while (!(await this.#run(delivery.message))) await new Promise((resolve) => setTimeout(resolve, 10));
    delivery.ack();
  }

  /** Whether it is done with. */
  async #run(message: Message): Promise<boolean> {
    const app = this.#app;
    const request = requestOf(app, message);
    const { id } = request;
    this.runs.push({ task: request.task, id, args: request.args, request });
    const store = await app.resultStore();
    const children: ResultNode[] = [];
    try {
      const task = app.tasks.get(request.task);
      if (!task) throw new Error(`no task ${request.task}`);
      const self = contextOf(app, request, children);
      const result = await task.run(self, task.bindArguments(request.args, request.kwargs));
      const encodedResult = app.codec.encode(result).body;
      const followUp = planSuccess(app.planning(), request, result, encodedResult);
      await app.follow(followUp);
      const all = [...children, ...followUp.children];
      await store.storeResult({ taskId: id, status: 'SUCCESS', encodedResult, children: all });
    } catch (error) {
      if (Retry.isInstance(error)) return false;
      if (Replace.isInstance(error)) await app.follow(planReplace(app.planning(), request, error.signature));
      else if (!Ignore.isInstance(error)) {
        const document = exceptionDocument(error);
        await store.storeResult({ taskId: id, status: 'FAILURE', result: document });
        await app.follow(planFailure(app.planning(), request, { document }));
      }
    }
    return true;
  }
}

function requestOf(app: App, message: Message): TaskRequest {
  const headers = parseTaskHeaders(message);
  const { args, kwargs, embed } = decodeTaskBody(message, { codec: app.codec });
  return {
    ...headers,
    rootId: headers.rootId ?? headers.id,
    args,
    kwargs,
    hostname: 'inline',
    deliveryInfo: { exchange: '', routingKey: 'celery', priority: null, redelivered: false },
    deliveryCount: null,
    headers: message.headers,
    stamps: headers.stamps ?? {},
    stampedHeaders: headers.stampedHeaders ?? [],
    callbacks: embed.callbacks,
    errbacks: embed.errbacks,
    chain: embed.chain,
    chord: embed.chord,
  };
}

function contextOf(app: App, request: TaskRequest, children: ResultNode[]): TaskContext {
  const task = app.tasks.get(request.task);
  if (!task) throw new Error(`no task ${request.task}`);
  return {
    name: task.name,
    request,
    options: task.options,
    signal: new AbortController().signal,
    updateState: async (state, meta) => (await app.resultStore()).updateState(request.id, state, meta),
    retry: (options) => {
      throw new Retry(options);
    },
    replace: (signature) => {
      throw new Replace(JSON.parse(JSON.stringify(signature)));
    },
    send: async (what, args, options) => {
      const plan = planChild(app.planning(), request, what, args, options);
      await app.follow(plan);
      children.push(plan.result);
      return resultHandle(() => app.resultStore(), plan.result);
    },
  };
}
