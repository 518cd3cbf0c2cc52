import { anonNodename, type Codec, encodeTaskMessage, type Message, type SignatureData } from '@pool/message';
import type { PublishOptions } from '@pool/transport';
import { ConfigError } from './errors.js';
import type { Queues, ResolvedQueue } from './queues.js';
import type { Router } from './routing.js';
import type { ResolvedTaskOptions } from './task-options.js';
import type { InternalSendOptions } from './wire-options.js';

/** A task's message on its way to the broker. Plain data, so that a child process can make it for its parent. */
export interface OutgoingTask {
  readonly id: string;
  readonly task: string;
  readonly message: Message;
  readonly destination: PublishOptions;
  /** Declared before it is published; `null` where an exchange was named and no queue. */
  readonly queue: ResolvedQueue | null;
  /** Whether to publish again when the connection was lost on the way. */
  readonly retry: boolean;
  readonly ignoreResult: boolean;
}

/** What making messages depends on. */
export interface OutgoingContext {
  /** An id for a task whose result is kept. */
  newId(): string;
  readonly codec: Codec;
  readonly queues: Queues;
  readonly router: Router;
  readonly defaults: {
    readonly queue: string;
    readonly exchange: string;
    readonly routingKey: string;
    readonly priority: number | undefined;
    readonly serializer: string;
    readonly compression: string | undefined;
    readonly ignoreResult: boolean;
    readonly retry: boolean;
  };
}

/** Who sends: asking the system for its name each time costs more than the rest of a header. */
const origin = anonNodename();

/** One call of a task. */
export interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly options: InternalSendOptions;
  /** The options of the task, if it is known here. */
  readonly task?: ResolvedTaskOptions | undefined;
}

const unsent = ['countdown', 'expires', 'timeLimit', 'softTimeLimit'] as const;

function checkTimes(options: InternalSendOptions): void {
  for (const name of unsent) {
    const value = options[name];
    if (value === undefined || (name === 'expires' && value instanceof Date)) continue;
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw new TypeError(`${name} must be a number of seconds`);
  }
  const { eta, countdown, expires } = options;
  for (const date of [eta, expires]) {
    if (date instanceof Date && Number.isNaN(date.getTime()))
      throw new TypeError('eta and expires must be valid dates');
  }
  if (eta !== undefined && !(eta instanceof Date)) throw new TypeError('eta must be a Date');
  if (eta !== undefined && countdown !== undefined) throw new TypeError('give countdown or eta, not both');
}

function after(seconds: number, now: number): Date {
  return new Date(now + seconds * 1000);
}

/** Where a call goes: its own options first, then those of its task, then the routes', then the defaults. */
function destinationOf(
  call: Call,
  options: InternalSendOptions,
  { queues, defaults }: OutgoingContext,
): { queue: ResolvedQueue | null; exchange: string; routingKey: string } {
  // Back to where a message came from: its queue is there.
  if (options.exchange === '' && options.routingKey && options.queue === undefined) {
    return { queue: null, exchange: '', routingKey: options.routingKey };
  }
  const named = options.queue ?? (options.exchange === undefined ? defaults.queue : undefined);
  const queue = named === undefined ? null : queues.get(named);
  const type = queue?.exchangeType ?? queues.typeOfExchange(options.exchange ?? '') ?? 'direct';
  if ((!options.exchange || !options.routingKey) && type === 'direct') {
    if (queue) return { queue, exchange: '', routingKey: queue.name };
    throw new ConfigError(`task ${call.name} goes to exchange ${options.exchange} and needs a routingKey`, {
      setting: 'routingKey',
    });
  }
  const exchange = options.exchange ?? queue?.exchange ?? defaults.exchange;
  // A fanout queue is bound without a key; Celery's broadcasts carry the default one.
  return { queue, exchange, routingKey: options.routingKey ?? (queue?.routingKey || defaults.routingKey) };
}

function onlySet<T extends object>(options: T): Partial<T> {
  const set: Partial<T> = {};
  for (const name in options) if (options[name] !== undefined) set[name] = options[name];
  return set;
}

const defaultsOf = new WeakMap<ResolvedTaskOptions, Partial<InternalSendOptions>>();

/** What a task says about sending it. Worked out once, since tasks are sent often. */
function taskDefaults(task: ResolvedTaskOptions): Partial<InternalSendOptions> {
  const known = defaultsOf.get(task);
  if (known) return known;
  const { queue, exchange, routingKey, priority, expires, serializer, compression, ignoreResult } = task;
  const { timeLimit, softTimeLimit } = task;
  const defaults = onlySet<Record<string, unknown>>({
    queue,
    exchange,
    routingKey,
    priority,
    expires,
    serializer,
    compression,
    ignoreResult,
    timeLimit,
    softTimeLimit,
  });
  defaultsOf.set(task, defaults);
  return defaults;
}

/**
 * Makes the message of a call and finds its way.
 * @throws {TypeError} an option is wrong
 * @throws {EncodeError} an argument has no form in the serializer
 * @throws {QueueNotFoundError}
 */
export function prepareTask(call: Call, context: OutgoingContext, now: number = Date.now()): OutgoingTask {
  const given: InternalSendOptions = { ...(call.task && taskDefaults(call.task)), ...onlySet(call.options) };
  const routed = context.router.route(call.name, call.args, call.kwargs, given as never);
  const options: InternalSendOptions = { ...(routed as InternalSendOptions), ...given };
  checkTimes(options);
  const { defaults, codec } = context;
  const { countdown, expires } = options;
  const { queue, exchange, routingKey } = destinationOf(call, options, context);
  const priority = options.priority ?? defaults.priority ?? 0;
  const ignoreResult = options.ignoreResult ?? defaults.ignoreResult;
  const id = options.taskId ?? (ignoreResult ? crypto.randomUUID() : context.newId());
  const message = encodeTaskMessage(
    {
      task: call.name,
      id,
      args: call.args,
      kwargs: call.kwargs,
      embed: {
        callbacks: nonEmpty(options.link),
        errbacks: nonEmpty(options.linkError),
        chain: nonEmpty(options.chain),
        chord: options.chord ?? null,
      },
      eta: countdown === undefined ? options.eta : after(countdown, now),
      expires: typeof expires === 'number' ? after(expires, now) : expires,
      retries: options.retries,
      timelimit: [options.timeLimit ?? null, options.softTimeLimit ?? null],
      group: options.groupId,
      groupIndex: options.groupIndex,
      rootId: options.rootId,
      parentId: options.parentId,
      shadow: options.shadow,
      ignoreResult,
      replacedTaskNesting: options.replacedTaskNesting,
      stamps: options.stamps,
      headers: options.headers,
      origin,
      replyTo: ignoreResult ? undefined : options.replyTo,
      priority,
      deliveryMode: options.persistent === false ? 1 : 2,
      now,
    },
    {
      codec,
      serializer: options.serializer ?? defaults.serializer,
      compression: options.compression ?? defaults.compression,
    },
  );
  const destination: PublishOptions = { exchange, routingKey, priority };
  return {
    id,
    task: call.name,
    message,
    destination,
    queue,
    retry: options.retry ?? defaults.retry,
    ignoreResult,
  };
}

function nonEmpty(signatures: readonly SignatureData[] | undefined): SignatureData[] | null {
  return signatures && signatures.length > 0 ? [...signatures] : null;
}
