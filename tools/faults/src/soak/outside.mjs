import { readdirSync, readFileSync } from 'node:fs';

/**
 * The processes that a process started, and they in turn (Linux).
 * @param {number} pid
 * @returns {number[]}
 */
export function descendants(pid) {
  /** @type {number[]} */
  const found = [];
  const todo = [pid];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const children = childrenOf(next);
    found.push(...children);
    todo.push(...children);
  }
  return found;
}

/** @param {number} pid */
function childrenOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/**
 * Bytes of memory that are a process's own, without what it maps from files and shares with whoever else runs Node (Linux).
 * @param {number} pid
 */
export function memoryOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss_Anon:\s+(\d+)/m.exec(text)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/**
 * How many descriptors a process has open (Linux).
 * @param {number} pid
 */
export function descriptorsOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
