import { decodeResultTuple, READY_STATES, type ResultNode, type SignatureData } from '@pool/message';
import { NotRegistered, type ResultDocument } from '@pool/results';
import type { App } from './app.js';
import { resultOf } from './async-result.js';
import { type SignatureLike, signatureData } from './signature-data.js';
import { type AnyTask, Task } from './task.js';
import type { TaskContext } from './task-context.js';
import { planChordFailure } from './workflow/follow-up.js';
import { chordData, groupData } from './workflow/kinds.js';

/** Seconds between looks of `celery.chord_unlock`, unless the message says. */
const unlockInterval = 1;

/** Gives back one of its arguments, or all: the end of a group that took the place of a task. */
class Accumulate extends Task {
  override bindArguments(
    args: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>> = {},
  ): unknown[] {
    return [args, kwargs['index']];
  }
}

function taskOf(app: App, signature: SignatureLike): AnyTask {
  const { task: name } = signatureData(signature);
  const task = app.tasks.get(name);
  if (!task) throw new NotRegistered(`'${name}'`, { excType: 'NotRegistered', args: [name] });
  return task;
}

async function eachItem(
  app: App,
  self: TaskContext,
  signature: SignatureData,
  items: readonly unknown[],
  argsOf: (item: unknown) => readonly unknown[],
): Promise<unknown[]> {
  const task = taskOf(app, signature);
  const results: unknown[] = [];
  for (const item of items) {
    self.signal.throwIfAborted();
    results.push(await task.run(self, task.bindArguments(argsOf(item))));
  }
  return results;
}

function leavesOf(node: ResultNode): ResultNode[] {
  return node.results === null ? [node] : node.results.flatMap(leavesOf);
}

function shaped(node: ResultNode, documents: ReadonlyMap<string, ResultDocument>): unknown {
  if (node.results !== null) return node.results.map((member) => shaped(member, documents));
  return documents.get(node.id)?.result;
}

/** Calls the body of a chord whose members are all done; asks again later if they are not. */
async function unlockChord(
  app: App,
  self: TaskContext,
  body: SignatureData,
  options: { interval: unknown; maxRetries: unknown; result: unknown },
): Promise<void> {
  const members = (Array.isArray(options.result) ? options.result : []).map((one) => decodeResultTuple(one));
  const leaves = members.flatMap(leavesOf);
  const store = await app.resultStore();
  const documents = await store.getMany(leaves.map(({ id }) => id));
  if (!documents.every((document) => document && READY_STATES.has(document.status))) {
    const countdown = typeof options.interval === 'number' ? options.interval : unlockInterval;
    self.retry({ countdown, maxRetries: typeof options.maxRetries === 'number' ? options.maxRetries : null });
  }
  const done = documents as ResultDocument[];
  const failed = done.find(({ status }) => status !== 'SUCCESS');
  const { rootId, id: parentId } = self.request;
  if (failed) {
    const reason = `Dependency ${failed.taskId} raised ${String(resultOf(failed))}`;
    await app.follow(planChordFailure(app.planning(), { body, rootId, parentId }, reason));
    return;
  }
  const byId = new Map(done.map((document) => [document.taskId, document]));
  await self.send(body, [members.map((member) => shaped(member, byId))]);
}

/** The tasks that every app has, as in Celery: what workflows are made of on the wire. */
export function builtinTasks(app: App): Task[] {
  const tasks: Task[] = [];

  function define(
    name: string,
    params: readonly string[],
    fn: (self: TaskContext, ...args: never[]) => unknown,
    options = {},
  ): void {
    const resolved = app.resolveTaskOptions(name, { bind: true, params, ...options });
    tasks.push(new Task(app, { name, fn: fn as never, options: resolved }));
  }

  define('celery.map', ['task', 'it'], (self, task: SignatureData, it: unknown[]) =>
    eachItem(app, self, task, it, (item) => [item]));
  define('celery.starmap', ['task', 'it'], (self, task: SignatureData, it: unknown[][]) =>
    eachItem(app, self, task, it, (item) => item as unknown[]));
  define('celery.chunks', ['task', 'it', 'n'], async (
    self,
    task: SignatureData,
    it: unknown[],
    n: number,
  ) => {
    const kwargs = { task, it, n };
    const { id } = await self.send({
      ...groupData([]),
      task: 'celery.chunks',
      kwargs,
      subtask_type: 'chunks',
    });
    return id;
  });
  define('celery.group', ['tasks', 'result', 'group_id', 'partial_args?', 'add_to_parent?'], async (
    self,
    members: SignatureData[],
    _result: unknown,
    groupId: string,
    args: unknown[] = [],
  ) => {
    const { id } = await self.send(groupData(members, { task_id: groupId }), args);
    return id;
  });
  define('celery.chord', [
    'header',
    'body',
    'partial_args?',
    'interval?',
    'countdown?',
    'max_retries?',
    'eager?',
  ], async (self, header: SignatureData | SignatureData[], body: SignatureData, args: unknown[] = []) => {
    const group = Array.isArray(header) ? groupData(header) : header;
    const { id } = await self.send(chordData(group, body), args);
    return id;
  });
  define(
    'celery.chord_unlock',
    ['group_id', 'callback', 'interval?', 'max_retries?', 'result?'],
    (self, _groupId: string, body: SignatureData, interval: unknown, maxRetries: unknown, result: unknown) =>
      unlockChord(app, self, signatureData(body), { interval, maxRetries, result }),
    { ignoreResult: true, maxRetries: null },
  );
  define('celery.chain', [], () => {
    throw new TypeError('celery.chain is not a task: a chain is sent as its first task');
  });
  define('celery.backend_cleanup', [], async () => (await app.resultStore()).removeExpired());
  const accumulate = app.resolveTaskOptions('celery.accumulate', {});
  const pick = (args: unknown, index: unknown): unknown =>
    typeof index === 'number' ? (args as unknown[])[index] : args;
  tasks.push(new Accumulate(app, { name: 'celery.accumulate', fn: pick as never, options: accumulate }));
  return tasks;
}
