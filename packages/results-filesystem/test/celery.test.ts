import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exceptionDocument, TaskError, TimeLimitExceeded, taskErrorFrom } from '@pool/results';
import { FilesystemResults } from '@pool/results-filesystem';
import { python } from '@pool/servers';
import { requirePart } from '@pool/servers/vitest';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { CeleryPeer } from './support/celery-peer.js';

vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'pool-results-'));
const interpreter = await requirePart('celery', () => python(['celery']));
const celery = typeof interpreter === 'string' ? new CeleryPeer(interpreter, folder) : undefined;
/** Nothing but being told ends a wait of this store in time. */
const store = new FilesystemResults(`filesystem://${folder}`, { pollInterval: 3600 });

afterAll(async () => {
  await store.close();
  await celery?.stop();
  await rm(folder, { recursive: true, force: true });
});

function ask<T>(op: string, args: Record<string, unknown>): Promise<T> {
  if (!celery) throw new Error('there is no Celery to ask');
  return celery.ask<T>(op, args);
}

interface PythonView {
  state: string;
  result?: unknown;
  error?: [module: string, type: string, args: string[]];
  traceback: string | null;
  children?: string[];
  date_done: string | null;
}

describe("Celery's file-system backend", () => {
  it('reads a result of ours', async () => {
    const taskId = randomUUID();
    const child = { id: randomUUID(), parent: null, results: null };
    const dateDone = new Date('2026-01-02T03:04:05.678Z');
    await store.storeResult({
      taskId,
      status: 'SUCCESS',
      result: { ünï: [1, 2.5, null] },
      children: [child],
      dateDone,
    });
    const view = await ask<PythonView>('read', { id: taskId });
    expect(view).toMatchObject({ state: 'SUCCESS', result: { ünï: [1, 2.5, null] }, children: [child.id] });
    expect(view.date_done).toMatch(/^2026-01-02T03:04:05\.678/);
  });

  it('reads our failures as exceptions of its own', async () => {
    const cases: [error: Error, python: [string, string, string[]]][] = [
      [new TypeError('wrong'), ['builtins', 'TypeError', ["'wrong'"]]],
      [new RangeError('out'), ['celery.exceptions', 'RangeError', ["'out'"]]],
      [new TimeLimitExceeded('late', { args: [5] }), ['billiard.exceptions', 'TimeLimitExceeded', ['5']]],
    ];
    for (const [error, expected] of cases) {
      const taskId = randomUUID();
      await store.storeResult({
        taskId,
        status: 'FAILURE',
        result: exceptionDocument(error),
        traceback: 'at x',
      });
      const view = await ask<PythonView>('read', { id: taskId });
      expect([view.state, view.error, view.traceback]).toEqual(['FAILURE', expected, 'at x']);
    }
  });

  it('waits for a result of ours, and sees our progress', async () => {
    const taskId = randomUUID();
    await store.updateState(taskId, 'PROGRESS', { done: 1 });
    expect(await ask<PythonView>('read', { id: taskId })).toMatchObject({
      state: 'PROGRESS',
      result: { done: 1 },
    });
    const waiting = ask('wait', { id: taskId });
    await store.storeResult({ taskId, status: 'SUCCESS', result: 'there' });
    expect(await waiting).toBe('there');
  });

  it('does not overwrite a success of ours', async () => {
    const taskId = randomUUID();
    await store.storeResult({ taskId, status: 'SUCCESS', result: 1 });
    await ask('fail', { id: taskId, message: 'late' });
    expect((await store.get(taskId))?.status).toBe('SUCCESS');
  });

  it('restores a group of ours', async () => {
    const id = randomUUID();
    const members = [randomUUID(), randomUUID()];
    await store.saveGroup({
      id,
      parent: null,
      results: members.map((one) => ({ id: one, parent: null, results: null })),
    });
    expect(await ask('group', { id })).toEqual(members);
  });

  it('forgets a result of ours', async () => {
    const taskId = randomUUID();
    await store.storeResult({ taskId, status: 'SUCCESS', result: 1 });
    await ask('forget', { id: taskId });
    expect(await store.get(taskId)).toBeUndefined();
  });
});

describe('we', () => {
  it("read Celery's results", async () => {
    const taskId = randomUUID();
    await ask('store', { id: taskId, state: 'SUCCESS', result: { ünï: [1, 2.5, null] } });
    const document = await store.get(taskId);
    expect(document).toMatchObject({ taskId, status: 'SUCCESS', result: { ünï: [1, 2.5, null] } });
    expect(document?.dateDone?.getTime()).toBeGreaterThan(Date.now() - 60_000);
  });

  it("read Celery's failures as errors that say what Python said", async () => {
    const taskId = randomUUID();
    await ask('fail', { id: taskId, message: 'no such thing' });
    const document = await store.get(taskId);
    const error = taskErrorFrom(document?.result, { taskId, traceback: document?.traceback ?? null });
    expect(error).toBeInstanceOf(TaskError);
    expect([error.excType, error.excModule, error.args]).toEqual([
      'ValueError',
      'builtins',
      ['no such thing', 7],
    ]);
    expect(error.message).toBe('ValueError: no such thing, 7');
    expect(error.traceback).toBe('Traceback: here');
  });

  it('are woken by what Celery stores', async () => {
    const taskId = randomUUID();
    const waiting = store.waitFor([taskId], { timeout: 60 });
    await ask('store', { id: taskId, state: 'STARTED', result: { pid: 1 } });
    await ask('store', { id: taskId, state: 'SUCCESS', result: 'x'.repeat(1_000_000) });
    expect((await waiting)[0]?.result).toHaveLength(1_000_000);
  });

  it("do not overwrite Celery's success", async () => {
    const taskId = randomUUID();
    await ask('store', { id: taskId, state: 'SUCCESS', result: 'first' });
    await store.storeResult({ taskId, status: 'FAILURE', result: exceptionDocument(new Error('late')) });
    expect(await ask<PythonView>('read', { id: taskId })).toMatchObject({
      state: 'SUCCESS',
      result: 'first',
    });
  });

  it("restore Celery's groups", async () => {
    const id = randomUUID();
    const members = [randomUUID(), randomUUID()];
    await ask('save_group', { id, members });
    expect((await store.getGroup(id))?.results?.map((one) => one.id)).toEqual(members);
  });
});
