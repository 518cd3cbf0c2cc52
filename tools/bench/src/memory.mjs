import { readdirSync, readFileSync } from 'node:fs';

/**
 * The memory of a process, by default this one, and all it started, in MB, and what of that is not its own: each page
 * counted once, by its share (Linux).
 *
 * @param {number} [root] the process
 * @returns {{ tree: number, started: number } | undefined}
 */
export function treeMemory(root = process.pid) {
  if (process.platform !== 'linux') return undefined;
  const [own = 0, ...started] = tree(root).map(shareOf);
  const others = started.reduce((sum, share) => sum + share, 0);
  return { tree: (own + others) / 1024, started: others / 1024 };
}

/**
 * The CPU time that a process and all it started have used so far, in seconds (Linux).
 *
 * @param {number} [root] the process
 * @returns {number | undefined}
 */
export function treeCpu(root = process.pid) {
  if (process.platform !== 'linux') return undefined;
  return tree(root).reduce((sum, pid) => sum + cpuOf(pid), 0) / 100;
}

/**
 * A process and all it started, itself first.
 *
 * @param {number} root
 */
function tree(root) {
  /** @type {Map<number, number[]>} */
  const children = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(name);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const all = [root];
  for (let i = 0; i < all.length; i++) all.push(...(children.get(Number(all[i])) ?? []));
  return all;
}

/** @param {string} pid */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function shareOf(pid) {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** @param {number} pid in ticks of 10 ms, user and system */
function cpuOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return 0;
  }
}
