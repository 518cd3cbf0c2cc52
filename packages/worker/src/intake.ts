import type { EventEmitter } from 'node:events';
import type { App } from '@pool/app';
import {
  checkHeaders,
  InvalidTaskError,
  isTaskMessage,
  type Message,
  parseTaskHeaders,
  type TaskHeaders,
  upgradeTaskMessage,
} from '@pool/message';
import { NotRegistered, type ResultStore } from '@pool/results';
import { type Delivery, holdUntilAside, type Transport } from '@pool/transport';
import type { WorkerCounters } from './counters.js';
import type { WorkerLogger } from './logging/logger.js';
import { fieldsOf, labelOf } from './request/announce.js';
import { limitsOf, Request, type RequestHost } from './request/request.js';
import { unknownFields } from './request/request-fields.js';
import type { RequestTable } from './request-table.js';
import { bareErrorDocument } from './tracer/documents.js';
import type { WorkerEvents } from './worker-events.js';

/** What taking messages in needs of its worker. */
export interface IntakeContext {
  readonly app: App;
  readonly transport: Transport;
  readonly store: ResultStore | undefined;
  readonly logger: WorkerLogger;
  readonly counters: WorkerCounters;
  readonly events: EventEmitter<WorkerEvents>;
  readonly requests: RequestTable;
  readonly host: RequestHost;
  /** Whether a redelivered late-ack task is looked up among the results before it is run. */
  readonly deduplicate: boolean;
  /** The request is in order: it waits for its time or its turn, or runs. */
  admit(request: Request): void;
}

/** Why a message is refused. */
class Refusal {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/**
 * Makes requests of deliveries: Celery's strategy (`celery.worker.strategy`). Reads the headers, never the body of a
 * message of today's protocol. What cannot be handled is set aside, where it can be inspected, and counted.
 */
export class Intake {
  readonly #context: IntakeContext;

  constructor(context: IntakeContext) {
    this.#context = context;
  }

  /** Takes in what the broker delivered. */
  receive(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.#receiveOne(delivery);
  }

  #receiveOne(delivery: Delivery): void {
    const { app, counters, events, logger, requests, host } = this.#context;
    counters.received += 1;
    let message: Message;
    let headers: TaskHeaders;
    try {
      message = this.#check(delivery.message);
      headers = parseTaskHeaders(message);
    } catch (error) {
      this.#refuse(delivery, error instanceof Refusal ? error.reason : (error as Error).message);
      return;
    }
    const task = app.tasks.get(headers.task);
    if (task === undefined) {
      this.#refuseUnknown(delivery, headers);
      return;
    }
    if (delivery.redelivered) {
      counters.redelivered += 1;
      if (requests.recognise(headers, delivery)) {
        counters.deduplicated += 1;
        logger.info(
          { taskId: headers.id, taskName: headers.task },
          `Task ${headers.task}[${headers.id}] was delivered again while it runs or after it ended here; it is not run again`,
        );
        return;
      }
    }
    const request = new Request(
      host,
      delivery,
      message,
      headers,
      task,
      limitsOf(headers.timelimit, task.options),
    );
    requests.add(request);
    if (logger.isLevelEnabled('info')) logger.info(fieldsOf(request), `Task ${labelOf(request)} received`);
    events.emit('taskReceived', request);
    if (this.#context.deduplicate && delivery.redelivered && request.acksLate)
      void this.#admitUnlessDone(request);
    else this.#context.admit(request);
  }

  /** A task that another worker finished, but whose ack the broker never got, has its result already. */
  async #admitUnlessDone(request: Request): Promise<void> {
    const { store, counters, requests, logger } = this.#context;
    try {
      const document = await store?.get(request.id);
      if (document?.status === 'SUCCESS') {
        counters.deduplicated += 1;
        logger.info(fieldsOf(request), `Task ${labelOf(request)} has succeeded before; it is not run again`);
        request.delivery.ack();
        requests.remove(request, true);
        return;
      }
    } catch (error) {
      logger.warn({ err: error, ...fieldsOf(request) }, 'The results could not be asked; the task runs');
    }
    this.#context.admit(request);
  }

  #check(message: Message): Message {
    const { codec } = this.#context.app;
    if (!codec.accept.has(message.contentType))
      throw new Refusal(
        `content of type ${JSON.stringify(message.contentType)} is not accepted (accepted: ${[...codec.accept].join(', ')})`,
      );
    const { maxBodyBytes } = codec.limits;
    if (message.body.length > maxBodyBytes)
      throw new Refusal(`a body of ${message.body.length} bytes is over maxBodyBytes = ${maxBodyBytes}`);
    checkHeaders(message.headers, codec.limits);
    if (isTaskMessage(message)) return message;
    try {
      return upgradeTaskMessage(message, { codec });
    } catch (error) {
      if (error instanceof InvalidTaskError)
        throw new Refusal(
          `not a task message: it has neither a task header nor a task body (${error.message})`,
        );
      throw error;
    }
  }

  #refuseUnknown(delivery: Delivery, headers: TaskHeaders): void {
    const { app, store, logger } = this.#context;
    const { id, task, replyTo, correlationId } = headers;
    if (store !== undefined && !headers.ignoreResult) {
      const error = new NotRegistered(`'${task}' is not registered`, { taskId: id, args: [task] });
      const document = bareErrorDocument(app, id, 'FAILURE', error, unknownFields(app));
      store.store({ id, state: 'FAILURE', document, replyTo, correlationId }).catch((failure: unknown) => {
        logger.error({ err: failure, taskId: id }, `the failure of the unknown task ${task} was not stored`);
      });
    }
    const known = [...app.tasks.keys()].filter((name) => !name.startsWith('celery.'));
    this.#refuse(
      delivery,
      `the task ${JSON.stringify(task)} is not registered; this worker has ${known.length === 0 ? 'none' : known.slice(0, 20).join(', ')}${known.length > 20 ? ', …' : ''}`,
      { taskId: id, taskName: task },
    );
  }

  #refuse(delivery: Delivery, reason: string, fields: Record<string, unknown> = {}): void {
    const { transport, logger, counters } = this.#context;
    counters.setAside += 1;
    const { queue, tag } = delivery;
    logger.error(
      { ...fields, queue, tag },
      `Refused a message of the queue ${queue}: ${reason}. It is set aside`,
    );
    const onFailed = (error: Error): void => {
      logger.error(
        { err: error, queue, tag },
        'The refused message could not be set aside; it is held, and tried again',
      );
    };
    void holdUntilAside(transport, delivery, reason, { onFailed });
  }
}
