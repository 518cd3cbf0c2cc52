import { randomUUID } from 'node:crypto';
import type { App } from '@pool/app';
import { TaskError, TaskRevokedError } from '@pool/results';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Child } from './support/child.js';
import { rabbitPlace, redisPlace } from './support/place.js';
import { celeryInterpreter, ourApp } from './support/scene.js';
import { startPythonWorker } from './support/workers.js';

const interpreter = await celeryInterpreter();
const places = [await redisPlace(), await rabbitPlace()];
const timeout = 30;

describe.each(places)('what we send over $name and Python runs', (place) => {
  let app: App;
  let worker: Child;

  beforeAll(async () => {
    ({ app } = ourApp(place));
    worker = await startPythonWorker(interpreter, place, ['py']);
  });
  afterAll(async () => {
    await worker?.stop();
    await app?.close();
  });

  test('gets its arguments, and we its result', async () => {
    const sum = await app.sendTask('py.add', [2, 3]);
    expect(await sum.get({ timeout })).toBe(5);
    expect(await sum.state()).toBe('SUCCESS');
    const named = await app.sendTask('py.add', [2], { kwargs: { y: 0.5 } });
    expect(await named.get({ timeout })).toBe(2.5);
  });

  test('keeps values as they are: text of all scripts, nested, null, large', async () => {
    const args = [
      'Grüße, 世界 🎉 \u0000 "quoted" \\ \u2028',
      { deep: [[], {}, null, true, -1.5e-7] },
      'é'.repeat(1_000_000),
    ];
    const kwargs = { ключ: '值', none: null };
    const echo = await app.sendTask('py.echo', args, { kwargs });
    expect(await echo.get({ timeout })).toEqual({ args, kwargs });
  });

  test.each(['gzip', 'zlib', 'bzip2'])('may be compressed with %s', async (compression) => {
    const args = ['x'.repeat(5000)];
    const echo = await app.sendTask('py.echo', args, { compression });
    expect(await echo.get({ timeout })).toEqual({ args, kwargs: {} });
  });

  test('carries dates in the form of Celery 5.3, which 5.2 takes for a dictionary', async () => {
    const echo = await app.sendTask('py.echo', [new Date(0), { at: new Date(0).toISOString() }]);
    const { args } = (await echo.get({ timeout })) as { args: unknown[] };
    // It comes back as it went, and is a date again here.
    expect(args).toEqual([new Date(0), { at: '1970-01-01T00:00:00.000Z' }]);
  });

  test('fails with what Python raised', async () => {
    const own = await app.sendTask('py.fail', ['no such thing: ж']);
    const error = await own.get({ timeout, propagate: false });
    expect(error).toBeInstanceOf(TaskError);
    expect(error).toMatchObject({
      excType: 'Refused',
      excModule: 'interop_app',
      args: ['no such thing: ж', 42],
      traceback: expect.stringContaining('raise Refused(message, 42)'),
    });
    expect(await own.state()).toBe('FAILURE');
    const builtIn = await app.sendTask('py.key_error', ['k']);
    await expect(builtIn.get({ timeout })).rejects.toMatchObject({ excType: 'KeyError', args: ['k'] });
    const wrong = await app.sendTask('py.add', [1]);
    await expect(wrong.get({ timeout })).rejects.toThrow("missing 1 required positional argument: 'y'");
  });

  test('is retried by Python until it succeeds', async () => {
    const retried = await app.sendTask('py.retry', [2]);
    expect(await retried.get({ timeout })).toBe(2);
  });

  test('tells Python its id, limits, priority and times', async () => {
    const taskId = randomUUID();
    const eta = new Date(Date.now() + 500);
    const result = await app.sendTask('py.request', [], {
      taskId,
      timeLimit: 3600,
      softTimeLimit: 128,
      priority: 3,
      eta,
      expires: 60,
    });
    const request = (await result.get({ timeout })) as Record<string, unknown>;
    expect(Date.now()).toBeGreaterThanOrEqual(eta.getTime());
    expect(request).toMatchObject({
      id: taskId,
      root_id: taskId,
      parent_id: null,
      timelimit: [3600, 128],
      priority: 3,
      routing_key: 'py',
    });
    expect(new Date(request['eta'] as string)).toEqual(eta);
    expect(new Date(request['expires'] as string).getTime()).toBeGreaterThan(eta.getTime());
  });

  test('carries numbers in headers of its own, whatever their size and sign', async () => {
    const numbers = [
      0,
      1,
      127,
      128,
      255,
      256,
      32_767,
      32_768,
      65_536,
      2 ** 31 - 1,
      2 ** 31,
      2 ** 53 - 1,
      0.5,
    ];
    const signed = [...numbers, ...numbers.slice(1).map((number) => -number)];
    const result = await app.sendTask('py.request', [], { headers: { numbers: signed } });
    expect(await result.get({ timeout })).toMatchObject({ numbers: signed });
  });

  test('is revoked by Python when it has expired', async () => {
    const result = await app.sendTask('py.add', [1, 1], { expires: new Date(Date.now() - 5000) });
    await expect(result.get({ timeout })).rejects.toBeInstanceOf(TaskRevokedError);
  });

  test('has no result when we want none', async () => {
    const ignored = await app.sendTask('py.add', [1, 1], { ignoreResult: true });
    await worker.printed(new RegExp(`Task py\\.add\\[${ignored.id}\\] succeeded`));
    expect(await app.AsyncResult(ignored.id).document()).toBeUndefined();
  });
});
