import type { SignatureLike } from './signature-data.js';

/** What a task is followed by: a signature, or several. */
export type Links = SignatureLike | readonly SignatureLike[];

/** How one message is sent. Whatever is not given comes from the task, then from `taskRoutes`, then from the app. */
export interface SendOptions {
  /** Keyword arguments; they bind to the task's `params` by name. */
  kwargs?: Readonly<Record<string, unknown>>;
  /** Seconds from now before which the task does not run. */
  countdown?: number;
  /** The time of day before which it does not run. */
  eta?: Date;
  /** Seconds from now, or the time of day, after which it is not run any more. */
  expires?: number | Date;
  queue?: string;
  exchange?: string;
  routingKey?: string;
  /** 0 to 9. Which end is urgent depends on the broker. */
  priority?: number;
  /** The id of the task and of its result. @default a random UUID */
  taskId?: string;
  /** Seconds after which the task is killed. */
  timeLimit?: number;
  /** Seconds after which its `signal` aborts. */
  softTimeLimit?: number;
  serializer?: string;
  compression?: string;
  /** Headers of your own, to be found in `self.request.headers`. */
  headers?: Readonly<Record<string, unknown>>;
  ignoreResult?: boolean;
  /** Called with the result when the task succeeds. */
  link?: Links;
  /** Called with the task's id when it fails. */
  linkError?: Links;
  /** What logs and monitors call the task. */
  shadow?: string;
  /** The group it belongs to, and its place there. */
  groupId?: string;
  groupIndex?: number;
  /** The tree it belongs to. @default that of the task that sends it, if one does */
  rootId?: string;
  parentId?: string;
  /** Headers that are also put on all that follows from the task. */
  stamps?: Readonly<Record<string, unknown>>;
  /** Send again when the connection was lost on the way, though it may arrive twice. @default the app's `taskPublishRetry` (true) */
  retry?: boolean;
  /** Whether the message is kept on disk by brokers that know the difference. @default true */
  persistent?: boolean;
}
