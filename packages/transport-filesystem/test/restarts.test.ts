import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { createFolder, open, send, until } from './support/folder.js';

const script = fileURLToPath(new URL('./fixtures/worker.mjs', import.meta.url));
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  }
});

/** What all workers together have done. */
class Record {
  readonly ran: Map<number, number> = new Map();
  readonly acked: Set<number> = new Set();
  /** Messages that ran again after their ack was known to be done. */
  readonly again: number[] = [];

  note(line: string): void {
    const told = JSON.parse(line) as { ran?: number[]; acked?: number[] };
    for (const id of told.ran ?? []) {
      if (this.acked.has(id)) this.again.push(id);
      this.ran.set(id, (this.ran.get(id) ?? 0) + 1);
    }
    for (const id of told.acked ?? []) this.acked.add(id);
  }
}

/** What lies in a folder, which the workers may remove meanwhile. */
async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

/**
 * Whether no message waits and nobody holds one.
 * The folder is read on both sides of the claims, so that one that is taken or given back meanwhile is not missed.
 */
async function isDrained(folder: string): Promise<boolean> {
  const names = await namesIn(folder);
  for (const claimer of await namesIn(join(folder, '.claimed')))
    names.push(...(await namesIn(join(folder, '.claimed', claimer))));
  names.push(...(await namesIn(folder)));
  return !names.some((name) => name.endsWith('.msg'));
}

interface WorkerProcess {
  child: ChildProcess;
  ended: Promise<unknown>;
  /** What this one did. */
  own: Record;
}

function startWorker(folder: string, record: Record): WorkerProcess {
  const child = spawn(process.execPath, [script, folder, 'q'], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const own = new Record();
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    own.note(line);
    record.note(line);
  });
  return { child, ended: once(child, 'close'), own };
}

it('messages are each run once, with the worker stopped and started again in the middle', {
  timeout: 120_000,
}, async () => {
  const [folder, record, count] = [await createFolder(), new Record(), 4000];
  const transport = await open(folder);
  const ids = Array.from({ length: count }, (_, i) => String(i));
  const published = (async () => {
    for (let i = 0; i < count; i += 500) await send(transport, 'q', ids.slice(i, i + 500));
  })();
  for (const share of [0.3, 0.6]) {
    const { child, ended } = startWorker(folder, record);
    await until(() => record.ran.size >= count * share, 'part of the messages run');
    child.kill('SIGTERM');
    await ended;
  }
  await published;
  const { child, ended } = startWorker(folder, record);
  await until(() => record.acked.size === count, 'all messages run');
  child.kill('SIGTERM');
  await ended;
  expect([...record.ran.values()].filter((times) => times !== 1)).toEqual([]);
  expect(await transport.queueSize('q')).toBe(0);
});

it('workers that are killed lose nothing, and nothing that was acked runs again', {
  timeout: 60_000,
}, async () => {
  const [folder, record, count] = [await createFolder(), new Record(), 1500];
  const transport = await open(folder, { restoreInterval: 0.05 });
  await send(
    transport,
    'q',
    Array.from({ length: count }, (_, i) => String(i)),
  );
  const kills = 4;
  for (let i = 0; i < kills; i++) {
    const { child, ended, own } = startWorker(folder, record);
    await until(() => own.ran.size > 40 || record.ran.size === count, 'the worker works');
    child.kill('SIGKILL');
    await ended;
  }
  startWorker(folder, record);
  startWorker(folder, record);
  // A worker may be killed after an ack and before it told of it, so only the folder knows when all is done.
  await until(() => isDrained(folder), 'all messages are done');
  await until(() => record.ran.size === count, 'every message was run');
  expect(record.again).toEqual([]);
  const twice = [...record.ran.values()].reduce((sum, times) => sum + times - 1, 0);
  // Each killed worker held at most its prefetch, and the acks of its last turn.
  expect(twice).toBeLessThanOrEqual(kills * 16);
});
