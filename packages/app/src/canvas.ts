import { createSignature, type SignatureData } from '@pool/message';
import type { App } from './app.js';
import type { GroupResult } from './group-result.js';
import type { ResultHandle } from './result-handle.js';
import type { SendOptions } from './send-options.js';
import { Signature } from './signature.js';
import { chainData, chordData, groupData, kindOf } from './workflow/kinds.js';

/** A signature of a task or a workflow with any result. */
export interface AnySignature {
  readonly app: App;
  readonly data: SignatureData;
  toJSON(): SignatureData;
  applyAsync(args?: readonly unknown[], options?: SendOptions): Promise<ResultHandle>;
}

/** What sending a signature gives. */
export type HandleOf<S extends AnySignature> = Awaited<ReturnType<S['applyAsync']>>;

/** What its result will be. */
export type ResultOf<S extends AnySignature> =
  HandleOf<S> extends ResultHandle<infer Result> ? Result : unknown;

type Members<S extends AnySignature> =
  HandleOf<S> extends GroupResult<infer Results extends readonly unknown[]>
    ? Results
    : readonly [ResultOf<S>];

/** The results of a group's members; those of a group within it stand in its place, as in Celery. */
export type GroupResults<S extends readonly AnySignature[]> = S extends readonly [
  infer First extends AnySignature,
  ...infer Rest extends readonly AnySignature[],
]
  ? [...Members<First>, ...GroupResults<Rest>]
  : S extends readonly []
    ? []
    : Members<S[number]>[number][];

/** A workflow that ends as `Last` does. */
export type EndsAs<Last extends AnySignature> = Signature<
  ResultOf<Last>,
  HandleOf<Last> & ResultHandle<ResultOf<Last>>
>;

function appOf(signatures: readonly AnySignature[], what: string): App {
  const [first] = signatures;
  if (!first) throw new TypeError(`a ${what} needs at least one signature`);
  return first.app;
}

function listed<S extends readonly AnySignature[]>(signatures: readonly [S] | S): S {
  const [only] = signatures;
  return (Array.isArray(only) ? only : signatures) as S;
}

/**
 * Tasks one after the other, each called with the result of the one before it. What follows a group is called with
 * the list of its results, which makes a chord of the two.
 */
export function chain<Last extends AnySignature>(...tasks: readonly [...AnySignature[], Last]): EndsAs<Last> {
  const app = appOf(tasks, 'chain');
  return new Signature(app, chainData(tasks.map((task) => task.data))) as unknown as EndsAs<Last>;
}

/** Tasks at the same time. Their results come as a list, in their order. */
export function group<const S extends readonly AnySignature[]>(
  ...tasks: S | readonly [S]
): Signature<GroupResults<S>, GroupResult<GroupResults<S>>> {
  const members = listed<S>(tasks);
  return new Signature(appOf(members, 'group'), groupData(members.map((task) => task.data)));
}

/** A task that is called with the results of others, once, when all of them are there. Without any it is called with `[]`. */
export function chord<Body extends AnySignature>(
  header: readonly AnySignature[] | AnySignature,
  body: Body,
): EndsAs<Body> {
  const group = Array.isArray(header)
    ? groupData((header as readonly AnySignature[]).map((task) => task.data))
    : (header as AnySignature).data;
  const data = chordData(kindOf(group) === 'group' ? group : groupData([group]), body.data);
  return new Signature(body.app, data) as unknown as EndsAs<Body>;
}

/** One task that calls another for each item, in one process. */
export function mapSignature<Result>(task: AnySignature, items: readonly unknown[]): Signature<Result[]> {
  return overItems(task, 'celery.map', 'xmap', { it: [...items] });
}

/** As `mapSignature`, with each item as the list of arguments. */
export function starmapSignature<Result>(task: AnySignature, items: readonly unknown[]): Signature<Result[]> {
  return overItems(task, 'celery.starmap', 'xstarmap', { it: [...items] });
}

/** A group of tasks, each of which calls another for its share of `n` items. */
export function chunksSignature<Result>(
  task: AnySignature,
  items: readonly unknown[],
  n: number,
): Signature<Result[][], GroupResult<Result[][]>> {
  if (!Number.isInteger(n) || n < 1)
    throw new TypeError('the size of chunks must be a whole number, 1 or more');
  const kwargs = { task: task.data, it: [...items], n };
  return new Signature(
    task.app,
    createSignature('celery.chunks', { kwargs, subtask_type: 'chunks', immutable: true }),
  );
}

function overItems<Result>(
  task: AnySignature,
  name: string,
  type: string,
  kwargs: object,
): Signature<Result[]> {
  const data = createSignature(name, {
    kwargs: { task: task.data, ...kwargs },
    subtask_type: type,
    immutable: true,
  });
  return new Signature(task.app, data);
}
