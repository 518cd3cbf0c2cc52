import { readFileSync } from 'node:fs';

/**
 * Tells whether the kernel killed a child for want of memory: it counts such kills for this process's control group
 * (version 2), or for the whole system. Elsewhere it says no.
 */
export class OomKills {
  readonly #path: string | undefined = countersOf();
  #seen: number = this.#count();

  /** Whether there was a kill that no other child was told to be the victim of. */
  claim(): boolean {
    if (this.#count() <= this.#seen) return false;
    this.#seen += 1;
    return true;
  }

  #count(): number {
    if (this.#path === undefined) return 0;
    const count = /^oom_kill (\d+)$/m.exec(read(this.#path) ?? '')?.[1];
    return Number(count ?? 0);
  }
}

function countersOf(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const group = /^0::(\/.*)$/m.exec(read('/proc/self/cgroup') ?? '')?.[1];
  const candidates = ['/proc/vmstat'];
  if (group !== undefined) candidates.unshift(`/sys/fs/cgroup${group}/memory.events`);
  return candidates.find((path) => read(path)?.includes('oom_kill '));
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
