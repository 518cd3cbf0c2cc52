import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadResultStore, ResultStoreError, ResultStoreNotFoundError } from '@pool/results';
import { FilesystemResults, folderOf } from '@pool/results-filesystem';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pool-results-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function open(options = {}): FilesystemResults {
  return new FilesystemResults(`filesystem://${folder}`, options);
}

describe('the folder', () => {
  it('is below the working directory, or absolute', () => {
    expect(folderOf('filesystem://.pool/results')).toBe(join(process.cwd(), '.pool/results'));
    expect(folderOf('filesystem:///var/results')).toBe('/var/results');
    expect(folderOf('file:///var/with%20space')).toBe('/var/with space');
    expect(() => folderOf('filesystem://')).toThrow('needs a folder');
  });

  it('is made when it is first used, and what is in it is named as Celery names it', async () => {
    await using store = new FilesystemResults(`filesystem://${folder}/deep/down`);
    const taskId = randomUUID();
    await store.storeResult({ taskId, status: 'SUCCESS', result: 1 });
    expect(existsSync(join(folder, 'deep/down', `celery-task-meta-${taskId}`))).toBe(true);
  });

  it('that cannot be one is said so', async () => {
    writeFileSync(join(folder, 'file'), '');
    await using store = new FilesystemResults(`filesystem://${folder}/file`);
    await expect(store.get('x')).rejects.toBeInstanceOf(ResultStoreError);
  });

  it('holds nothing but documents when all is stored', async () => {
    await using store = open();
    const ids = Array.from({ length: 50 }, () => randomUUID());
    await Promise.all(ids.map((taskId) => store.storeResult({ taskId, status: 'STARTED' })));
    await Promise.all(ids.map((taskId) => store.storeResult({ taskId, status: 'SUCCESS', result: 1 })));
    expect(
      readdirSync(folder)
        .filter((name) => name !== '.pool')
        .sort(),
    ).toEqual(ids.map((id) => `celery-task-meta-${id}`).sort());
    for (const part of ['temp', 'locks', 'chords'])
      expect(readdirSync(join(folder, '.pool', part))).toEqual([]);
  });

  it('is found by its URL', async () => {
    await using store = await loadResultStore(`filesystem://${folder}`, { from: import.meta.dirname });
    expect(store).toBeInstanceOf(FilesystemResults);
    await expect(loadResultStore('nosuch://x')).rejects.toBeInstanceOf(ResultStoreNotFoundError);
  });
});

describe('a writer that is killed', () => {
  it('leaves each document whole or not there', async () => {
    const ids = Array.from({ length: 2000 }, () => randomUUID());
    const child = fork(new URL('./fixtures/writer.mjs', import.meta.url), [folder, ...ids], {
      stdio: 'inherit',
    });
    await once(child, 'message');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await using store = open();
    const found = (await store.getMany(ids)).filter((document) => document !== undefined);
    expect(found.length).toBeGreaterThan(0);
    expect(
      found.every((document) => document.status === 'SUCCESS' && document.result === 'x'.repeat(1000)),
    ).toBe(true);
  });

  it('does not hold up others with the lock it left', async () => {
    await using store = open();
    const taskId = randomUUID();
    await store.storeResult({ taskId, status: 'STARTED' });
    const lock = join(folder, '.pool/locks', taskId);
    writeFileSync(lock, '');
    const longAgo = Date.now() / 1000 - 60;
    utimesSync(lock, longAgo, longAgo);
    await store.storeResult({ taskId, status: 'SUCCESS', result: 1 });
    expect((await store.get(taskId))?.status).toBe('SUCCESS');
    expect(existsSync(lock)).toBe(false);
  });

  it('has its temporary files swept away', async () => {
    await using store = open();
    await store.connect();
    const [old, recent] = ['old', 'recent'].map((name) => join(folder, '.pool/temp', name)) as [
      string,
      string,
    ];
    for (const file of [old, recent]) writeFileSync(file, 'x');
    const longAgo = Date.now() / 1000 - 7200;
    utimesSync(old, longAgo, longAgo);
    await store.removeExpired();
    expect([existsSync(old), existsSync(recent)]).toEqual([false, true]);
  });
});

describe('a document', () => {
  it('that is not there to its end is not there yet', async () => {
    await using store = open({ pollInterval: 3600 });
    const taskId = randomUUID();
    await store.connect();
    const file = join(folder, `celery-task-meta-${taskId}`);
    writeFileSync(file, '{"status": "SUCC');
    expect(await store.get(taskId)).toBeUndefined();
    const waiting = store.waitFor([taskId], { timeout: 60 });
    writeFileSync(file, `{"status": "SUCCESS", "result": 1, "task_id": "${taskId}"}`);
    expect((await waiting)[0]?.result).toBe(1);
  });

  it('of chords and groups expires as well', async () => {
    await using store = open({ expires: 10 });
    await store.saveGroup({ id: 'g', parent: null, results: [] });
    await store.setChordSize('c', 1);
    const longAgo = Date.now() / 1000 - 60;
    for (const path of ['celery-taskset-meta-g', '.pool/chords/c'])
      utimesSync(join(folder, path), longAgo, longAgo);
    await store.removeExpired();
    expect(await store.getGroup('g')).toBeUndefined();
    expect(existsSync(join(folder, '.pool/chords/c'))).toBe(false);
  });

  it('is left alone by a sweep until it is old, and so is what is not ours', async () => {
    await using store = open({ expires: 10 });
    await store.storeResult({ taskId: 'fresh', status: 'SUCCESS', result: 1 });
    const foreign = join(folder, 'notes.txt');
    writeFileSync(foreign, '');
    const longAgo = Date.now() / 1000 - 60;
    utimesSync(foreign, longAgo, longAgo);
    await store.removeExpired();
    expect((await store.get('fresh'))?.result).toBe(1);
    expect(statSync(foreign).isFile()).toBe(true);
  });
});

describe('a process', () => {
  it('ends by itself when nobody waits, though its store was not closed', async () => {
    const child = fork(new URL('./fixtures/reader.mjs', import.meta.url), [folder], { stdio: 'inherit' });
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
  });
});
