import { type ChildProcess, spawn } from 'node:child_process';

// Reads lines in pairs, process groups and folders, each joined by colons, and remembers the last pair. When its input
// ends, which it does however this process ends, it kills those groups and deletes those folders.
const SCRIPT = `
while IFS= read -r groups && IFS= read -r folders; do last_groups=$groups; last_folders=$folders; done
set -f
IFS=:
for group in $last_groups; do kill -KILL "-$group" 2>/dev/null; done
for try in 1 2 3 4 5; do
  rm -rf -- $last_folders 2>/dev/null && break
  sleep 0.2
done
`;

const groups = new Set<number>();
const folders = new Set<string>();
let reaper: ChildProcess | undefined;

/** Has a process group killed and a folder deleted if this process ends before {@link forgetServer}. */
export function rememberServer(owned: { group?: number; folder?: string }): void {
  if (owned.group !== undefined) groups.add(owned.group);
  if (owned.folder !== undefined) folders.add(owned.folder);
  tellReaper();
}

/** Takes back {@link rememberServer}, once the group has ended or the folder is gone. */
export function forgetServer(owned: { group?: number; folder?: string }): void {
  if (owned.group !== undefined) groups.delete(owned.group);
  if (owned.folder !== undefined) folders.delete(owned.folder);
  tellReaper();
}

function tellReaper(): void {
  reaper ??= startReaper();
  reaper.stdin?.write(`${[...groups].join(':')}\n${[...folders].join(':')}\n`);
}

function startReaper(): ChildProcess {
  // Its own session, so that Ctrl-C in a terminal reaches everybody but it.
  const child = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  child.on('error', () => {});
  child.stdin?.on('error', () => {});
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
}
