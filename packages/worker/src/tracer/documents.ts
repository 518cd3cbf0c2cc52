import { inspect, types } from 'node:util';
import type { App } from '@pool/app';
import type { ExceptionInfo } from '@pool/core';
import { encodeResult, type ResultInput, type ResultNode } from '@pool/message';
import { exceptionDocument } from '@pool/results';
import { trimStack } from './stack.js';
import type { TaskRun } from './task-run.js';

/** How many characters of a stack are stored. */
const MAX_TRACEBACK = 64 * 1024;
/** Errors that tell of what no code threw. */
const raisedNowhere: WeakSet<Error> = new WeakSet();

/** The encoded document of a task's value. Throws `EncodeError` when the value has no form in the serializer. */
export function successDocument(
  run: TaskRun,
  result: unknown,
  children: readonly ResultNode[] | undefined,
): Uint8Array {
  const dateDone = new Date();
  // Nearly every document: Node 20 makes a hidden class of its own for each object with more than what is spread into it.
  if (children === undefined && !saysMore(run))
    return encode(run.app, { taskId: run.id, status: 'SUCCESS', result, dateDone });
  const input: ResultInput = { ...identity(run), status: 'SUCCESS', result, dateDone };
  if (children !== undefined && children.length > 0) input.children = [...children];
  return encode(run.app, input);
}

/** The encoded document of a state that holds an error: `FAILURE`, `RETRY`, `REVOKED`. */
export function errorDocument(run: TaskRun, status: string, error: unknown): Uint8Array {
  return encode(run.app, {
    ...identity(run),
    status,
    result: exceptionDocument(error),
    traceback: tracebackOf(error),
    dateDone: status === 'RETRY' ? null : new Date(),
  });
}

/** The encoded document of a state on the way, such as `PROGRESS`. */
export function stateDocument(run: TaskRun, status: string, result: unknown): Uint8Array {
  return encode(run.app, { ...identity(run), status, result });
}

/** As `errorDocument`, where there is no run; `about` is what is known of the request. */
export function bareErrorDocument(
  app: App,
  taskId: string,
  status: string,
  error: unknown,
  about: Partial<ResultInput> = {},
): Uint8Array {
  return encode(app, {
    taskId,
    status,
    result: exceptionDocument(error),
    traceback: tracebackOf(error),
    dateDone: new Date(),
    ...about,
  });
}

/** The error that data tells of; its stack is not where this is called. */
export function errorOf(info: ExceptionInfo): Error {
  const error = info.toError();
  if (info.stack === undefined) {
    error.stack = info.toString();
    raisedNowhere.add(error);
  }
  return error;
}

/**
 * Stacks of an error and of what caused it, as Node prints them. Null, as in Celery, for what no code threw: a limit that
 * passed, a process that was lost.
 */
export function tracebackOf(error: unknown): string | null {
  if (isError(error) && raisedNowhere.has(error)) return null;
  const stacks: string[] = [];
  let length = 0;
  for (let each = error; stacks.length < 8; each = each.cause) {
    const stack = isError(each) ? stackOf(each) : withoutStack(each);
    length += stack.length;
    stacks.push(stack);
    if (!isError(each) || each.cause === undefined || each.cause === null || length > MAX_TRACEBACK) break;
  }
  return stacks.join('\n  caused by: ').slice(0, MAX_TRACEBACK);
}

function stackOf(error: Error): string {
  return trimStack(String(error.stack ?? `${error.name}: ${error.message}`));
}

/** Only errors know where they were made. */
function withoutStack(thrown: unknown): string {
  const kind = typeof thrown === 'object' ? 'an object that is no Error' : `a ${typeof thrown}`;
  return `${inspect(thrown)}\n    (${kind} was thrown, which has no stack: throw an Error to see where)`;
}

/** An error of any realm, such as a `vm` context's. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

function encode(app: App, input: ResultInput): Uint8Array {
  return encodeResult(input, { codec: app.codec, serializer: app.options.resultSerializer });
}

/** Whether a document of the run says more of it than its id. */
function saysMore({ wire, app }: TaskRun): boolean {
  return wire[3] !== null || wire[2] !== null || app.options.resultExtended === true;
}

function identity(run: TaskRun): Pick<ResultInput, 'taskId'> & Partial<ResultInput> {
  const { wire, id } = run;
  if (!saysMore(run)) return { taskId: id };
  const [group, parentId] = [wire[3], wire[2]];
  const fields: Pick<ResultInput, 'taskId'> & Partial<ResultInput> = { taskId: id, groupId: group, parentId };
  if (run.app.options.resultExtended !== true) return fields;
  const { request } = run;
  return {
    ...fields,
    name: run.name,
    args: request.args,
    kwargs: request.kwargs,
    worker: request.hostname,
    retries: request.retries,
    queue: request.deliveryInfo.routingKey,
  };
}
