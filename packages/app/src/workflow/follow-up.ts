import {
  createSignature,
  type ExceptionDocument,
  encodeException,
  FAILURE,
  type ResultInput,
  type ResultNode,
  type SignatureData,
  SUCCESS,
} from '@pool/message';
import type { ChordPart } from '@pool/results';
import type { OutgoingTask } from '../outgoing.js';
import type { SendOptions } from '../send-options.js';
import { type SignatureLike, signatureData } from '../signature-data.js';
import type { TaskRequest } from '../task-context.js';
import type { TraceHeaders } from '../telemetry.js';
import { fromWireOptions, type InternalSendOptions, internalOptions } from '../wire-options.js';
import { bodyOf, chainData, headerOf, kindOf, linksOf, membersOf } from './kinds.js';
import { type ChordSize, type Plan, type Planning, planSignature } from './plan.js';
import { stepsOf, withCallbacks, withErrbacks } from './steps.js';

/** The body of a chord, and who calls it. */
export interface ChordCall {
  readonly body: SignatureData;
  /** The tree the body is to belong to, and the member that calls it. */
  readonly rootId: string;
  readonly parentId: string;
}

/** A finished member of a chord's header, and the body to call when it was the last. */
export interface ChordReturn extends ChordCall {
  readonly groupId: string;
  readonly part: ChordPart;
  /** The member's trace, which the body goes on with. */
  readonly trace?: TraceHeaders;
}

/**
 * What follows from the end of a task, to be done by whoever holds the broker and the result store. Plain data, so
 * that a child process can work it out for its parent.
 */
export interface FollowUp {
  readonly chords: readonly ChordSize[];
  readonly groups: readonly ResultNode[];
  readonly messages: readonly OutgoingTask[];
  /** Failures of tasks that will never run, because what they waited for failed. */
  readonly results: readonly ResultInput[];
  readonly returns: readonly ChordReturn[];
  /** What was called: the `children` of the task's result. */
  readonly children: readonly ResultNode[];
}

/** What of a task's message says what follows it. */
export type Followed = Pick<
  TaskRequest,
  'id' | 'rootId' | 'group' | 'groupIndex' | 'callbacks' | 'errbacks' | 'chain' | 'chord' | 'stamps'
>;

export const noFollowUp: FollowUp = {
  chords: [],
  groups: [],
  messages: [],
  results: [],
  returns: [],
  children: [],
};

function joined(followUps: readonly Partial<FollowUp>[]): FollowUp {
  return {
    chords: followUps.flatMap((one) => one.chords ?? []),
    groups: followUps.flatMap((one) => one.groups ?? []),
    messages: followUps.flatMap((one) => one.messages ?? []),
    results: followUps.flatMap((one) => one.results ?? []),
    returns: followUps.flatMap((one) => one.returns ?? []),
    children: followUps.flatMap((one) => one.children ?? []),
  };
}

function planned({ chords, groups, messages, result }: Plan): Partial<FollowUp> {
  return { chords, groups, messages, children: [result] };
}

/** What a task hands to those it calls. Stamps go on, those of a signature before them. */
function inherited(request: Followed, signature: SignatureData): InternalSendOptions {
  const { stamps } = fromWireOptions(signature.options);
  const all = { ...request.stamps, ...stamps };
  const options = { parentId: request.id, rootId: request.rootId };
  return Object.keys(all).length > 0 ? { ...options, stamps: all } : options;
}

function chordReturn(
  { trace }: Planning,
  request: Followed,
  state: string,
  encodedResult: Uint8Array,
): ChordReturn[] {
  const { id, group, groupIndex, chord, rootId } = request;
  if (chord === null || group === null) return [];
  const part = { taskId: id, index: groupIndex, state, encodedResult };
  return [{ groupId: group, part, body: chord, rootId, parentId: id, ...(trace && { trace }) }];
}

/**
 * What follows from a success: the callbacks, the next task of the chain, and the chord the task is part of.
 * `encodedResult` is the result as JSON text.
 */
export function planSuccess(
  planning: Planning,
  request: Followed,
  result: unknown,
  encodedResult: Uint8Array,
): FollowUp {
  const called = (request.callbacks ?? []).map((callback) =>
    planned(planSignature(planning, callback, { args: [result], options: inherited(request, callback) })),
  );
  const chain = request.chain ?? [];
  const next = chain.at(-1);
  if (next) {
    const options = { ...inherited(request, next), chain: chain.slice(0, -1) };
    called.push(planned(planSignature(planning, next, { args: [result], options })));
  }
  return joined([...called, { returns: chordReturn(planning, request, SUCCESS, encodedResult) }]);
}

/** How a task failed. */
export interface Failure {
  /** As it is stored. */
  readonly document: ExceptionDocument;
  readonly traceback?: string | null;
  /** `FAILURE` or `REVOKED`. @default 'FAILURE' */
  readonly state?: string;
}

/**
 * What follows from a failure: the errbacks are called with the task's id, the tasks that were to come after it fail
 * as it did, and so does its part of a chord.
 */
export function planFailure(planning: Planning, request: Followed, failure: Failure): FollowUp {
  const { document, traceback = null, state = FAILURE } = failure;
  const errbacks = (request.errbacks ?? []).map((errback) =>
    planned(planSignature(planning, errback, { args: [request.id], options: inherited(request, errback) })),
  );
  const encoded = planning.codec.encode(document).body;
  const missed = (request.chain ?? []).flatMap(endsNeverReached);
  const results = missed.map(
    ({ id, groupId }): ResultInput => ({
      taskId: id,
      status: state,
      result: document,
      traceback,
      dateDone: new Date(),
      ...(groupId === undefined ? {} : { groupId }),
    }),
  );
  const returns = missed.flatMap(({ id, groupId, groupIndex, chord }) => {
    const ended = {
      ...request,
      id,
      group: groupId ?? null,
      groupIndex: groupIndex ?? null,
      chord: chord ?? null,
    };
    return chordReturn(planning, ended, state, encoded);
  });
  return joined([
    ...errbacks,
    { results, returns: [...chordReturn(planning, request, state, encoded), ...returns] },
  ]);
}

interface NeverReached {
  readonly id: string;
  readonly groupId: string | undefined;
  readonly groupIndex: number | undefined;
  readonly chord: SignatureData | undefined;
}

/** The tasks of a frozen signature that somebody may wait for, and that count for a chord. */
function endsNeverReached(signature: SignatureData): NeverReached[] {
  switch (kindOf(signature)) {
    case 'chain':
      return stepsOf(signature).flatMap(endsNeverReached);
    case 'group':
      return membersOf(signature).flatMap(endsNeverReached);
    case 'chord':
      return [...endsNeverReached(headerOf(signature)), ...endsNeverReached(bodyOf(signature))];
    default: {
      const { taskId: id, groupId, groupIndex, chord } = fromWireOptions(signature.options);
      return id === undefined ? [] : [{ id, groupId, groupIndex, chord }];
    }
  }
}

/** A chord whose header failed: its body fails with `ChordError`, and all that was to follow it. */
export function planChordFailure(planning: Planning, { body, rootId }: ChordCall, reason: string): FollowUp {
  const [first, ...rest] = kindOf(body) === 'chain' ? stepsOf(body) : [body];
  if (!first) return noFollowUp;
  const last = kindOf(first) === 'chord' ? bodyOf(first) : first;
  const { taskId, groupId, groupIndex, chord, stamps, chain = [] } = fromWireOptions(last.options);
  if (taskId === undefined) return noFollowUp;
  const document = encodeException({ type: 'ChordError', message: reason });
  const request: Followed = {
    id: taskId,
    rootId,
    group: groupId ?? null,
    groupIndex: groupIndex ?? null,
    callbacks: null,
    errbacks: linksOf(last, 'link_error'),
    chain: [...chain, ...rest.reverse()],
    chord: chord ?? null,
    stamps: stamps ?? {},
  };
  const own: ResultInput = { taskId, status: FAILURE, result: document, dateDone: new Date() };
  return joined([{ results: [own] }, planFailure(planning, request, { document })]);
}

/** The body of a chord, called with what its header gave. */
export function planChordBody(
  planning: Planning,
  { body, rootId, parentId }: ChordCall,
  results: unknown,
): FollowUp {
  return joined([planned(planSignature(planning, body, { args: [results], options: { rootId, parentId } }))]);
}

/**
 * Another task in the place of a running one: under its id, with what follows it. Of a group the result is the list of
 * its results.
 */
export function planReplace(
  planning: Planning,
  request: Followed & Pick<TaskRequest, 'replacedTaskNesting' | 'parentId'>,
  signature: SignatureData,
): FollowUp {
  if (signature.options['chord'] !== undefined)
    throw new TypeError('a task cannot be replaced by one that is in a chord');
  const isGroup = kindOf(signature) === 'group' || kindOf(signature) === 'chunks';
  const accumulate = createSignature('celery.accumulate', { kwargs: { index: 0 } });
  const single = isGroup ? chainData([signature, accumulate]) : signature;
  if (kindOf(single) === 'chain' && stepsOf(single).length === 0) {
    throw new TypeError('a task cannot be replaced by an empty chain');
  }
  const followed = withErrbacks(withCallbacks(single, request.callbacks ?? []), request.errbacks ?? []);
  const { group, groupIndex, chord, chain, parentId } = request;
  const options: InternalSendOptions = {
    ...inherited(request, followed),
    ...(parentId === null ? {} : { parentId }),
    taskId: request.id,
    replacedTaskNesting: request.replacedTaskNesting + 1,
    ...(group === null ? {} : { groupId: group }),
    ...(groupIndex === null ? {} : { groupIndex }),
    ...(chord === null ? {} : { chord }),
    ...(chain === null ? {} : { chain }),
  };
  const { chords, groups, messages } = planSignature(planning, followed, { options });
  return joined([{ chords, groups, messages }]);
}

/** A task, or a signature of any kind, that a running task sends as its child. */
export function planChild(
  planning: Planning,
  request: Followed,
  task: string | SignatureLike,
  args: readonly unknown[] = [],
  options: SendOptions = {},
): Plan {
  const signature = typeof task === 'string' ? createSignature(task) : signatureData(task);
  const { kwargs = {}, ...rest } = options;
  const all = { ...inherited(request, signature), ...internalOptions(rest) };
  return planSignature(planning, signature, { args, kwargs, options: all });
}
