import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads `+ PID` and `- PID` lines. When they end without a `q`, whoever wrote them has died: what it had listed and not
 * taken off is given a second to leave by itself, and killed.
 */
const script = `
p=' '
while read -r op n; do
  case $op in
    +) p="$p$n " ;;
    -) case $p in *" $n "*) p="\${p%% $n *} \${p#* $n }" ;; esac ;;
    q) exit 0 ;;
  esac
done
sleep 1
for n in $p; do kill -s KILL -- "-$n" 2>/dev/null; done
`;

/**
 * Ends the children of a pool whose process was killed. A child that awaits something sees its channel close and leaves;
 * one in a busy loop sees nothing, so someone else has to look after it: a small shell that outlives the pool's process.
 * Where there is no shell, such a child runs on until its loop ends.
 */
export class OrphanGuard {
  readonly #process: ChildProcess | undefined;

  /** @param pids the children there are already */
  constructor(pids: Iterable<number>) {
    if (process.platform === 'win32') return;
    this.#process = spawn('/bin/sh', ['-c', script, 'pool-orphan-guard'], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
    });
    this.#process.on('error', () => {});
    this.#process.stdin?.on('error', () => {});
    this.#process.unref();
    (this.#process.stdin as unknown as { unref?(): void } | null)?.unref?.();
    for (const pid of pids) this.add(pid);
  }

  add(pid: number): void {
    this.#tell(`+ ${pid}\n`);
  }

  remove(pid: number): void {
    this.#tell(`- ${pid}\n`);
  }

  /** Dismisses the shell; resolves when it is gone. */
  close(): Promise<void> {
    const shell = this.#process;
    if (shell?.pid === undefined || shell.exitCode !== null || shell.signalCode !== null)
      return Promise.resolve();
    shell.ref();
    return new Promise((resolve) => {
      shell.once('exit', () => resolve());
      shell.stdin?.end('q\n');
    });
  }

  #tell(line: string): void {
    if (this.#process?.stdin?.writable) this.#process.stdin.write(line);
  }
}
