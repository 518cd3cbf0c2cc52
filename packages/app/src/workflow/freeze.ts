import { parseSignature, type ResultNode, type SignatureData } from '@pool/message';
import { bodyOf, chainData, chordData, chunked, groupData, headerOf, kindOf, membersOf } from './kinds.js';
import { stepsOf } from './steps.js';

/** What a signature gets from where it stands. */
export interface Place {
  /** The id of its result, if that is settled already. */
  readonly taskId?: string | undefined;
  /** The group it counts for, and its place there. */
  readonly groupId?: string | undefined;
  readonly groupIndex?: number | undefined;
  /** The body of the chord it is in the header of. */
  readonly chord?: SignatureData | undefined;
  readonly rootId?: string | undefined;
  readonly replyTo?: string | undefined;
}

/** A signature whose tasks all have their ids, and where its result will be. */
export interface Frozen {
  readonly signature: SignatureData;
  readonly result: ResultNode;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function node(id: string, results: ResultNode[] | null = null): ResultNode {
  return { id, parent: null, results };
}

/** The results of a chain, each the parent of the next. */
function linked(result: ResultNode, parent: ResultNode | null): ResultNode {
  if (parent === null) return result;
  return { ...result, parent: result.parent === null ? parent : linked(result.parent, parent) };
}

function onlyGiven(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/**
 * Gives every task of a workflow its id, so that results can be awaited before their tasks are sent. Ids that are
 * there stay: freezing twice changes nothing.
 */
export function freeze(signature: SignatureData, place: Place = {}): Frozen {
  switch (kindOf(signature)) {
    case 'chain':
      return freezeChain(signature, place);
    case 'group':
      return freezeGroup(signature, place);
    case 'chunks':
      return freezeGroup(chunked(signature), place);
    case 'chord':
      return freezeChord(signature, place);
    default:
      return freezeTask(signature, place);
  }
}

/** A place with what the options of a workflow say of it. */
function placeOf({ options }: SignatureData, place: Place): Place {
  const { chord, group_index: index } = options;
  return {
    ...place,
    groupId: place.groupId ?? textOf(options['group_id']),
    groupIndex: place.groupIndex ?? (typeof index === 'number' ? index : undefined),
    chord:
      place.chord ?? (chord === undefined || chord === null ? undefined : parseSignature(chord, 'chord')),
    rootId: place.rootId ?? textOf(options['root_id']),
  };
}

function freezeTask(signature: SignatureData, place: Place): Frozen {
  const { options } = signature;
  const taskId = textOf(options['task_id']) ?? place.taskId ?? crypto.randomUUID();
  const frozen = onlyGiven({
    ...options,
    task_id: taskId,
    root_id: options['root_id'] ?? place.rootId,
    reply_to: options['reply_to'] ?? place.replyTo,
    group_id: options['group_id'] ?? place.groupId,
    group_index: options['group_index'] ?? place.groupIndex,
    chord: options['chord'] ?? place.chord,
  });
  return { signature: { ...signature, options: frozen }, result: node(taskId) };
}

/** Only the last task of a chain counts for the group and the chord that the chain is in. */
function freezeChain(signature: SignatureData, outer: Place): Frozen {
  const place = placeOf(signature, outer);
  const { taskId = textOf(signature.options['task_id']), ...rest } = place;
  const { rootId, replyTo } = place;
  const steps = stepsOf(signature);
  let result: ResultNode | null = null;
  const frozen = steps.map((step, i) => {
    const isLast = i === steps.length - 1;
    const one = freeze(step, isLast ? { ...rest, taskId } : { rootId, replyTo });
    result = linked(one.result, result);
    return one.signature;
  });
  const { link: _link, link_error: _linkError, task_id: _taskId, ...options } = signature.options;
  const chain = { ...chainData(frozen, options), args: signature.args, immutable: signature.immutable };
  return { signature: chain, result: result ?? node(taskId ?? crypto.randomUUID()) };
}

/** Groups within a group are laid out: all their tasks run at the same time anyway. */
function laidOut(group: SignatureData): SignatureData[] {
  return membersOf(group).flatMap((member) => {
    if (kindOf(member) !== 'group') return [member];
    return laidOut({ ...member, kwargs: { tasks: membersOf(member) } });
  });
}

function freezeGroup(signature: SignatureData, outer: Place): Frozen {
  const place = placeOf(signature, outer);
  const { options } = signature;
  const groupId = textOf(options['task_id']) ?? place.taskId ?? crypto.randomUUID();
  // Members of a group that ends a chain in a group count for that group: they are its ends.
  const counted = place.groupId !== undefined;
  const members = laidOut(signature).map((member, i) =>
    freeze(member, {
      groupId: counted ? place.groupId : groupId,
      groupIndex: counted ? place.groupIndex : i,
      chord: place.chord,
      rootId: place.rootId,
      replyTo: place.replyTo,
    }),
  );
  const group = groupData(
    members.map((member) => member.signature),
    { ...options, task_id: groupId },
  );
  const results = members.map((member) => member.result);
  return {
    signature: { ...group, args: signature.args, immutable: signature.immutable },
    result: node(groupId, results),
  };
}

/** The header is not told of the body yet: it would be there once for each member. Sending the chord does. */
function freezeChord(signature: SignatureData, outer: Place): Frozen {
  const place = placeOf(signature, outer);
  const { rootId, replyTo } = place;
  const header = freeze(headerOf(signature), { rootId, replyTo });
  const { task_id: ownId, ...options } = signature.options;
  const body = freeze(bodyOf(signature), { ...place, taskId: place.taskId ?? textOf(ownId) });
  const chord = chordData(header.signature, body.signature, { args: signature.args, options });
  return {
    signature: { ...chord, immutable: signature.immutable },
    result: linked(body.result, header.result),
  };
}

/** How many ends of tasks a member brings to the chord it is in the header of. */
export function endsOf(signature: SignatureData): number {
  switch (kindOf(signature)) {
    case 'chain': {
      const last = stepsOf(signature).at(-1);
      return last ? endsOf(last) : 0;
    }
    case 'group':
      return membersOf(signature).reduce((sum, member) => sum + endsOf(member), 0);
    case 'chunks':
      return endsOf(chunked(signature));
    case 'chord':
      return endsOf(bodyOf(signature));
    default:
      return 1;
  }
}
