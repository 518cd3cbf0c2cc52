import {
  type Codec,
  encodeResultTuple,
  parseSignatures,
  type ResultNode,
  type SignatureData,
} from '@pool/message';
import type { Call, OutgoingTask } from '../outgoing.js';
import type { TraceHeaders } from '../telemetry.js';
import { fromWireOptions, type InternalSendOptions, linkList, toWireOptions } from '../wire-options.js';
import { endsOf, freeze } from './freeze.js';
import { bodyOf, chordData, chunked, headerOf, kindOf, membersOf, withArgs } from './kinds.js';
import { stepsOf, withCallbacks, withErrbacks, withFollowers } from './steps.js';

/** How many members a chord's header has. */
export interface ChordSize {
  readonly groupId: string;
  readonly size: number;
}

/** All that sending a workflow means. Plain data, so that a child process can make it for its parent. */
export interface Plan {
  /** Told to the result store before anything is published. */
  readonly chords: readonly ChordSize[];
  /** Groups to be kept in the result store, because their results are nested. */
  readonly groups: readonly ResultNode[];
  readonly messages: readonly OutgoingTask[];
  /** Where the outcome will be: a task's result, or a group's. */
  readonly result: ResultNode;
}

/** What planning needs of an app. */
export interface Planning {
  /** Makes a message. */
  prepare(call: Call): OutgoingTask;
  readonly codec: Codec;
  readonly replyTo?: string | undefined;
  /** The trace that what is planned belongs to. */
  readonly trace?: TraceHeaders | undefined;
  /** Celery's polling task instead of counting, for workers that cannot count on the app's result store. */
  readonly chordUnlock?: boolean | undefined;
}

/** What a signature is sent with, besides what it says itself. */
export interface SendContext {
  readonly args?: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
  /** Options over those of the signature. Of a workflow they go to the tasks that are sent at once. */
  readonly options?: InternalSendOptions;
}

/** Arguments that come before a signature's own. */
interface Given {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** Works out what to publish for a signature of any kind, in the form Celery publishes it. */
export function planSignature(planning: Planning, signature: SignatureData, context: SendContext = {}): Plan {
  const planner = new Planner(planning);
  const { args = [], kwargs = {}, options = {} } = context;
  const { taskId, link, linkError, ...rest } = options;
  const linked = withErrbacks(withCallbacks(signature, linkList(link) ?? []), linkList(linkError) ?? []);
  const fresh =
    taskId === undefined ? linked : { ...linked, options: { ...linked.options, task_id: taskId } };
  const { groupId, groupIndex, chord, ...over } = rest;
  const place = { taskId, groupId, groupIndex, chord, rootId: over.rootId, replyTo: planning.replyTo };
  const { signature: frozen, result } = freeze(fresh, place);
  planner.send(frozen, { args, kwargs }, over);
  return { chords: planner.chords, groups: planner.groups, messages: planner.messages, result };
}

/** Options that a chain or a chord hands to all its tasks; others hold for the first. */
const sharedOptions = ['queue', 'exchange', 'routing_key', 'priority', 'serializer', 'compression'] as const;

/** Options of a workflow that say where it stands, not how its tasks are sent. */
const placing: ReadonlySet<string> = new Set([
  'task_id',
  'link',
  'link_error',
  'group_id',
  'group_index',
  'chord',
  'chain',
]);

function sendingOptions(wire: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(wire).filter(([name]) => !placing.has(name)));
}

function shared(wire: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    sharedOptions.flatMap((name) => (wire[name] === undefined ? [] : [[name, wire[name]]])),
  );
}

function withDefaults(signature: SignatureData, defaults: Record<string, unknown>): SignatureData {
  return { ...signature, options: { ...defaults, ...signature.options } };
}

/** The chain that a signature was given as an option, the next task last. */
function chainOption({ options: { chain } }: SignatureData): SignatureData[] {
  return chain === undefined || chain === null ? [] : parseSignatures(chain, 'chain');
}

class Planner {
  readonly chords: ChordSize[] = [];
  readonly groups: ResultNode[] = [];
  readonly messages: OutgoingTask[] = [];
  readonly #planning: Planning;

  constructor(planning: Planning) {
    this.#planning = planning;
  }

  /** Sends a frozen signature. What comes after all of it (`options.chain`) comes after its own chain. */
  send(signature: SignatureData, given: Given, { chain: after = [], ...over }: InternalSendOptions): void {
    const chain = [...after, ...chainOption(signature)];
    const options = chain.length > 0 ? { ...over, chain } : over;
    switch (kindOf(signature)) {
      case 'chain':
        this.#sendChain(signature, given, options);
        break;
      case 'group':
        this.#sendGroup(signature, given, options);
        break;
      case 'chunks':
        this.#sendGroup(chunked(signature), given, options);
        break;
      case 'chord':
        this.#sendChord(signature, given, options);
        break;
      default:
        this.#sendTask(signature, given, options);
    }
  }

  #sendTask(signature: SignatureData, given: Given, options: InternalSendOptions): void {
    const { task: name, args, kwargs, options: wire } = withArgs(signature, given.args, given.kwargs);
    this.messages.push(
      this.#planning.prepare({ name, args, kwargs, options: { ...fromWireOptions(wire), ...options } }),
    );
  }

  #sendChain(signature: SignatureData, given: Given, options: InternalSendOptions): void {
    const said = sendingOptions(signature.options);
    const forAll = shared({ ...said, ...toWireOptions(options) });
    const [first, ...rest] = stepsOf(signature).map((step) => withDefaults(step, forAll));
    if (!first) return;
    const chain = [...(options.chain ?? []), ...rest.reverse()];
    const args = signature.immutable ? signature.args : [...given.args, ...signature.args];
    this.send(withDefaults(first, said), { ...given, args }, { ...options, chain });
  }

  #sendGroup(signature: SignatureData, given: Given, options: InternalSendOptions): void {
    const { chain = [], ...rest } = options;
    const next = chain.at(-1);
    if (next) {
      // Only a chord knows when a group has ended.
      this.send(chordData(signature, next), given, { ...rest, chain: chain.slice(0, -1) });
      return;
    }
    const said = fromWireOptions(sendingOptions(signature.options));
    const args = signature.immutable ? signature.args : [...given.args, ...signature.args];
    for (const member of membersOf(signature)) this.send(member, { ...given, args }, { ...said, ...rest });
  }

  #sendChord(signature: SignatureData, given: Given, options: InternalSendOptions): void {
    const { chain = [], ...over } = options;
    const place = { rootId: over.rootId, replyTo: this.#planning.replyTo };
    const forAll = shared({ ...signature.options, ...toWireOptions(over) });
    const own = withDefaults(freeze(bodyOf(signature), place).signature, forAll);
    const body = withFollowers(own, chain.toReversed());
    const header = freeze(headerOf(signature), { ...place, chord: body });
    const size = endsOf(header.signature);
    if (size === 0) {
      this.send(body, { args: [[]], kwargs: {} }, over);
      return;
    }
    if (this.#planning.chordUnlock) this.#sendUnlock(header.result, body, over);
    else {
      this.chords.push({ groupId: header.result.id, size });
      if (header.result.results?.some((member) => member.results !== null)) this.groups.push(header.result);
    }
    const args = signature.immutable ? signature.args : [...given.args, ...signature.args];
    const said = fromWireOptions(sendingOptions(signature.options));
    this.send(header.signature, { ...given, args }, { ...said, ...over });
  }

  /** The task that asks, again and again, whether the header is complete: what stores without counting have in Celery. */
  #sendUnlock(header: ResultNode, body: SignatureData, { rootId, parentId }: InternalSendOptions): void {
    const { queue } = fromWireOptions(body.options);
    const options = {
      countdown: 1,
      ignoreResult: true,
      ...(rootId && { rootId }),
      ...(parentId && { parentId }),
    };
    this.messages.push(
      this.#planning.prepare({
        name: 'celery.chord_unlock',
        args: [header.id, body],
        kwargs: { result: (header.results ?? []).map(encodeResultTuple) },
        options: queue === undefined ? options : { ...options, queue },
      }),
    );
  }
}
