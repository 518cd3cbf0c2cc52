import type { CapturedMessage } from './celery-peer.js';

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** What differs from sender to sender, or that one version of Celery writes and another does not. */
const incidental = new Set([
  'reply_to',
  'lang',
  'origin',
  'argsrepr',
  'kwargsrepr',
  'replaced_task_nesting',
  'stamped_headers',
  'stamps',
]);

type Plain = Record<string, unknown>;

/**
 * Messages with their ids named by the order in which they appear. What waits for its turn in a chain carries with
 * Celery some of what sending it writes there anyway: a chord's body at each member of its header. That is left out, as
 * is the index of members of groups that are no headers.
 */
export function normalized(messages: readonly CapturedMessage[]): unknown {
  const names = new Map<string, string>();
  const hasChord = /"subtask_type":"chord"|"chord":\{/.test(JSON.stringify(messages));

  function walk(value: unknown, inGroup: boolean): unknown {
    if (typeof value === 'string' && uuid.test(value)) {
      if (!names.has(value)) names.set(value, `id ${names.size}`);
      return names.get(value);
    }
    if (Array.isArray(value)) return value.map((item) => walk(item, inGroup));
    if (typeof value !== 'object' || value === null) return value;
    const plain = signature(value as Plain, inGroup);
    const kept = Object.keys(plain)
      .filter((key) => !incidental.has(key) && (hasChord || key !== 'group_index'))
      .sort();
    return Object.fromEntries(
      kept.map((key) => [
        key,
        walk(plain[key], inGroup || key === 'header' || plain['subtask_type'] === 'group'),
      ]),
    );
  }

  return walk(messages, false);
}

function signature(value: Plain, inGroup: boolean): Plain {
  const { options, subtask_type: type } = value;
  if (typeof options !== 'object' || options === null) return value;
  const own = Object.entries(options).filter(([key, said]) => {
    if (said === null) return false;
    if (type === 'chord') return key !== 'task_id';
    if (inGroup) return !['chord', 'group_id'].includes(key);
    return true;
  });
  return { ...value, options: Object.fromEntries(own) };
}
