import type { App } from '@pool/app';
import type { ExceptionInfo } from '@pool/core';
import { encodeResult, type ResultInput, type ResultNode } from '@pool/message';
import { exceptionDocument } from '@pool/results';
import { trimStack } from './stack.js';
import type { TaskRun } from './task-run.js';

/** How many characters of a stack are stored. */
const MAX_TRACEBACK = 64 * 1024;

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

/** As `errorDocument`, where there is no run. */
export function bareErrorDocument(app: App, taskId: string, status: string, error: unknown): Uint8Array {
  return encode(app, {
    taskId,
    status,
    result: exceptionDocument(error),
    traceback: tracebackOf(error),
    dateDone: new Date(),
  });
}

/** The error that data tells of; its stack is not where this is called. */
export function errorOf(info: ExceptionInfo): Error {
  const error = info.toError();
  if (info.stack === undefined) error.stack = info.toString();
  return error;
}

/** Stacks of an error and of what caused it, as Node prints them. */
export function tracebackOf(error: unknown): string | null {
  const stacks: string[] = [];
  let length = 0;
  for (let each = error; each instanceof Error && stacks.length < 8; each = each.cause) {
    const stack = trimStack(String(each.stack ?? `${each.name}: ${each.message}`));
    length += stack.length;
    stacks.push(stack);
    if (length > MAX_TRACEBACK) break;
  }
  return stacks.length === 0 ? null : stacks.join('\n  caused by: ').slice(0, MAX_TRACEBACK);
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
