/** `celery-task-meta-<id>`: key (and on Redis also channel) of a task's result. */
export function taskResultKey(taskId: string, prefix = ''): string {
  return `${prefix}celery-task-meta-${taskId}`;
}

/** `celery-taskset-meta-<id>`: key of a saved group. */
export function groupResultKey(groupId: string, prefix = ''): string {
  return `${prefix}celery-taskset-meta-${groupId}`;
}

/** `chord-unlock-<id>`: key of the counter of a chord, for stores that count with one. */
export function chordCounterKey(groupId: string, prefix = ''): string {
  return `${prefix}chord-unlock-${groupId}`;
}

/** The keys a chord has on Redis. */
export interface RedisChordKeys {
  /** Sorted set of the parts' outcomes, or a list with `result_chord_ordered` off. */
  joined: string;
  /** Number of parts. */
  size: string;
  /** Tasks added by parts that replaced themselves. */
  replaced: string;
}

export function redisChordKeys(groupId: string, prefix = ''): RedisChordKeys {
  const key = groupResultKey(groupId, prefix);
  return { joined: `${key}.j`, size: `${key}.s`, replaced: `${key}.t` };
}
