import { readdirSync, readFileSync } from 'node:fs';

/**
 * The memory of this process and all it started, in MB, and what of that is not its own: each page counted once, by its
 * share (Linux).
 *
 * @returns {{ tree: number, started: number } | undefined}
 */
export function treeMemory() {
  if (process.platform !== 'linux') return undefined;
  /** @type {Map<number, number[]>} */
  const children = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(name);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const own = shareOf(process.pid);
  let started = 0;
  const todo = [...(children.get(process.pid) ?? [])];
  for (let pid = todo.pop(); pid !== undefined; pid = todo.pop()) {
    started += shareOf(pid);
    todo.push(...(children.get(pid) ?? []));
  }
  return { tree: (own + started) / 1024, started: started / 1024 };
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
