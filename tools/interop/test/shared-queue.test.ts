import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Worker } from '@pool/worker';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Child } from './support/child.js';
import { rabbitAndRedisPlace, redisPlace } from './support/place.js';
import { celeryInterpreter, ourApp, ourWorker, scratchFolder } from './support/scene.js';
import { startPythonWorker } from './support/workers.js';

const interpreter = await celeryInterpreter();
const places = [await redisPlace(), await rabbitAndRedisPlace()];
const count = Number(process.env['POOL_INTEROP_TASKS'] ?? 2000);

describe.each(places)('one queue on $name, taken from by Python and by us', (place) => {
  let theirs: Child | undefined;
  let ours: Worker | undefined;
  afterEach(async () => {
    await ours?.stop();
    await theirs?.stop();
  });

  test(`${count} tasks are run, each once, by both`, { timeout: 60_000 + count * 20 }, async () => {
    const folder = await scratchFolder();
    const { app } = ourApp(place);
    onTestFinished(() => app.close());
    theirs = await startPythonWorker(interpreter, place, ['both']);
    const sent = Promise.all(
      Array.from({ length: count }, (_, i) => app.sendTask<number>('both.count', [folder, i])),
    );
    // From here on Python has some, and most are left for both.
    await theirs.printed(/Task both\.count\[[^\]]+\] succeeded/);
    ours = await ourWorker(app, { pool: 'solo', queues: ['both'] });
    const results = await sent;
    const expected = results.map((_, i) => i);
    expect(await Promise.all(results.map((result) => result.get({ timeout: 50 + count / 100 })))).toEqual(
      expected,
    );
    const [python, node] = await Promise.all(['py', 'js'].map((side) => runs(join(folder, side))));
    expect(python?.length).toBeGreaterThan(0);
    expect(node?.length).toBeGreaterThan(0);
    expect([...(python ?? []), ...(node ?? [])].sort((a, b) => a - b)).toEqual(expected);
    expect(await (await app.transport()).queueSize('both')).toBe(0);
  });
});

async function runs(file: string): Promise<number[]> {
  return (await readFile(file, 'utf8')).trimEnd().split('\n').map(Number);
}
