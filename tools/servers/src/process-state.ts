import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until every thread of a process has stopped after SIGSTOP, where the kernel tells (`/proc`). */
export async function stopped(pid: number): Promise<void> {
  if (!existsSync('/proc/self/task')) return;
  // The kernel stops a thread when it next leaves kernel mode and tells nobody but the parent's waitpid.
  while (!threadStates(pid).every((state) => state === 'T' || state === 't')) await sleep(1);
}

function threadStates(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => {
      const status = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      // The command's name, in brackets, may contain anything.
      return status.slice(status.lastIndexOf(')') + 2).charAt(0);
    });
  } catch {
    return [];
  }
}
