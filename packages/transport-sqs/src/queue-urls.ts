import { CreateQueueCommand, GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { NotDeclaredError } from '@pool/transport';
import { sqsQueueName } from './queue-name.js';

/** The URLs by which SQS knows queues, looked up once each. */
export class QueueUrls {
  readonly #client: SQSClient;
  readonly #prefix: string;
  readonly #predefined: Readonly<Record<string, string>> | undefined;
  readonly #urls = new Map<string, Promise<string>>();

  constructor(client: SQSClient, prefix: string, predefined: Readonly<Record<string, string>> | undefined) {
    this.#client = client;
    this.#prefix = prefix;
    this.#predefined = predefined;
  }

  /** The URL of a queue, which is created if it is not there. */
  create(queue: string, visibilityTimeout: number): Promise<string> {
    return this.#remember(queue, async (QueueName) => {
      const Attributes: Record<string, string> = { VisibilityTimeout: String(Math.ceil(visibilityTimeout)) };
      if (QueueName.endsWith('.fifo')) Attributes['FifoQueue'] = 'true';
      try {
        return (await this.#client.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl;
      } catch (error) {
        // It is there with other attributes: it is used as it is.
        if (
          !/QueueNameExists|QueueAlreadyExists/.test(`${(error as Error).name} ${(error as Error).message}`)
        )
          throw error;
        return (await this.#client.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl;
      }
    });
  }

  /** The URL of a queue that is there. */
  get(queue: string): Promise<string> {
    return this.#remember(queue, async (QueueName) => {
      try {
        return (await this.#client.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl;
      } catch (cause) {
        if (!/NonExistent|does not exist/i.test(`${(cause as Error).name} ${(cause as Error).message}`))
          throw cause;
        throw new NotDeclaredError(`the queue ${queue} is not there: declare it first`, { cause });
      }
    });
  }

  forget(queue: string): void {
    this.#urls.delete(queue);
  }

  #remember(queue: string, find: (name: string) => Promise<string | undefined>): Promise<string> {
    if (this.#predefined !== undefined) {
      const url = Object.hasOwn(this.#predefined, queue) ? this.#predefined[queue] : undefined;
      if (url !== undefined) return Promise.resolve(url);
      return Promise.reject(new NotDeclaredError(`the queue ${queue} is not among predefinedQueues`));
    }
    let url = this.#urls.get(queue);
    if (url === undefined) {
      url = find(sqsQueueName(queue, this.#prefix)).then((found) => {
        if (found === undefined) throw new NotDeclaredError(`SQS gave no URL for the queue ${queue}`);
        return found;
      });
      this.#urls.set(queue, url);
      url.catch(() => this.#urls.delete(queue));
    }
    return url;
  }
}
