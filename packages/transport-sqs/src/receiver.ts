import { ReceiveMessageCommand, type SQSClient, type Message as SqsMessage } from '@aws-sdk/client-sqs';
import type { QueueUrls } from './queue-urls.js';
import { SQS_BATCH } from './sqs-options.js';

/** A message with the queue it came from. */
export interface Received {
  queue: string;
  message: SqsMessage;
}

/** What it takes to give a message back. */
export interface Held {
  queue: string;
  handle: string;
}

/**
 * Long polls, at most one a queue at a time. What a poll brings beyond what was asked for waits for the next call, so
 * that no consumer gets more than its prefetch.
 */
export class Receiver {
  readonly #client: SQSClient;
  readonly #urls: QueueUrls;
  readonly #visibilityTimeout: number;
  readonly #waitTime: number;
  readonly #polls = new Map<string, Promise<void>>();
  readonly #giveBack: (messages: readonly Held[]) => void;
  /** Queues that nobody takes from any more, though a poll of them may still be under way. */
  readonly #ended = new Set<string>();
  #received: Received[] = [];

  constructor(
    client: SQSClient,
    urls: QueueUrls,
    visibilityTimeout: number,
    waitTime: number,
    giveBack: (messages: readonly Held[]) => void,
  ) {
    this.#giveBack = giveBack;
    this.#client = client;
    this.#urls = urls;
    this.#visibilityTimeout = visibilityTimeout;
    this.#waitTime = waitTime;
  }

  /** What is there, or comes within the wait time. */
  async take(queues: readonly string[], max: number, signal: AbortSignal): Promise<Received[]> {
    const ready = this.#hand(queues, max);
    if (ready.length > 0) return ready;
    const share = Math.max(1, Math.min(SQS_BATCH, Math.ceil(max / queues.length)));
    const polls = queues.slice(0, max).map((queue) => this.#poll(queue, share, signal));
    await Promise.race([
      Promise.all(polls),
      ...polls.map((poll) => poll.then(() => this.#something(queues, poll))),
    ]);
    return this.#hand(queues, max);
  }

  /**
   * Nobody takes from this queue any more; resolves to what was received and is to be given back. A poll under way is
   * not broken off, since SQS might answer it all the same and hide the message: what it brings is given back, too.
   */
  end(queue: string): Held[] {
    this.#ended.add(queue);
    const left = this.#received.filter((received) => received.queue === queue);
    this.#received = this.#received.filter((received) => received.queue !== queue);
    return left.map(heldOf);
  }

  /** Settles when there is something; a poll that came back empty does not end the others. */
  #something(queues: readonly string[], poll: Promise<void>): Promise<void> {
    const any = this.#received.some(({ queue }) => queues.includes(queue));
    return any ? poll : new Promise(() => {});
  }

  #hand(queues: readonly string[], max: number): Received[] {
    const taken: Received[] = [];
    this.#received = this.#received.filter((received) => {
      if (taken.length === max || !queues.includes(received.queue)) return true;
      taken.push(received);
      return false;
    });
    return taken;
  }

  #poll(queue: string, max: number, signal: AbortSignal): Promise<void> {
    this.#ended.delete(queue);
    let poll = this.#polls.get(queue);
    if (poll === undefined) {
      poll = this.#receive(queue, max, signal).finally(() => this.#polls.delete(queue));
      this.#polls.set(queue, poll);
    }
    return poll;
  }

  async #receive(queue: string, max: number, abortSignal: AbortSignal): Promise<void> {
    const command = new ReceiveMessageCommand({
      QueueUrl: await this.#urls.get(queue),
      MaxNumberOfMessages: max,
      WaitTimeSeconds: Math.floor(this.#waitTime),
      VisibilityTimeout: Math.ceil(this.#visibilityTimeout),
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    });
    const { Messages = [] } = await this.#client.send(command, { abortSignal });
    const received = Messages.map((message) => ({ queue, message }));
    if (this.#ended.has(queue)) this.#giveBack(received.map(heldOf));
    else this.#received.push(...received);
  }
}

function heldOf({ queue, message }: Received): Held {
  return { queue, handle: message.ReceiptHandle ?? '' };
}
