import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Who holds claims: a process, named so that others can tell whether it lives. A process id alone will not do, as ids
 * are used again; and it says nothing to a process on another host or in another container.
 */
export interface ProcessIdentity {
  /** Equal for two processes exactly if they can ask the kernel for each other by process id. */
  scope: string;
  pid: number;
  /** When the process began, in whatever form its kernel tells; `''` if it does not. */
  startedAt: string;
}

/** Alive, dead, or not to be told from here. */
export type Liveness = 'alive' | 'dead' | 'unknown';

let own: ProcessIdentity | undefined;

/** The identity of this process. */
export function ownIdentity(): ProcessIdentity {
  own ??= { scope: scopeOfThisProcess(), pid: process.pid, startedAt: startOf(process.pid) ?? '' };
  return own;
}

/** The name of a new claim folder of this process. */
export function createClaimer(): string {
  const { scope, pid, startedAt } = ownIdentity();
  return `${scope}~${pid}~${startedAt}~${randomBytes(4).toString('hex')}`;
}

/** Whose a claim folder is, or `undefined` if its name is not one of ours. */
export function identityOfClaimer(claimer: string): ProcessIdentity | undefined {
  const [scope, pid, startedAt, random] = claimer.split('~');
  if (scope === undefined || startedAt === undefined || random === undefined) return undefined;
  if (pid === undefined || !/^\d+$/.test(pid)) return undefined;
  return { scope, pid: Number(pid), startedAt };
}

/** Whether the process of an identity lives, as far as the kernel of this one can tell. */
export function livenessOf(identity: ProcessIdentity): Liveness {
  const self = ownIdentity();
  if (identity.scope !== self.scope) return 'unknown';
  if (identity.pid === self.pid) return identity.startedAt === self.startedAt ? 'alive' : 'dead';
  if (!exists(identity.pid)) return 'dead';
  const startedAt = startOf(identity.pid);
  // Without start times the id may have been given to another process: only its heartbeat tells.
  if (startedAt === undefined || identity.startedAt === '') return 'unknown';
  return startedAt === identity.startedAt ? 'alive' : 'dead';
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function scopeOfThisProcess(): string {
  let kernel: string;
  try {
    // One boot of one kernel, and the namespace in which process ids are counted: containers differ in it.
    kernel = `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    kernel = `${process.platform} ${hostname()}`;
  }
  return createHash('sha256').update(kernel).digest('hex').slice(0, 16);
}

function startOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') return startOnLinux(pid);
    if (process.platform === 'win32') return undefined;
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      timeout: 2000,
    });
    return text.trim() === '' ? undefined : text.trim().replaceAll(/[^A-Za-z0-9]+/g, '-');
  } catch {
    return undefined;
  }
}

/** Clock ticks from boot to the start of a process; a zombie has ended. */
function startOnLinux(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in parentheses, and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  return state === 'Z' || state === 'X' ? 'ended' : fields[19];
}
