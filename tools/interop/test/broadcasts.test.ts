import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { App } from '@pool/app';
import { expect, onTestFinished, test } from 'vitest';
import { rabbitPlace, redisPlace } from './support/place.js';
import { PythonProducer } from './support/python-producer.js';
import { celeryInterpreter, ourApp, ourWorker, scratchFolder } from './support/scene.js';
import { startPythonWorker } from './support/workers.js';

const interpreter = await celeryInterpreter();
const places = [await redisPlace(), await rabbitPlace()];

test.each(places)(
  "a task on Celery's Broadcast over $name is run by every worker, whoever sends it",
  async (place) => {
    const folder = await scratchFolder();
    const runs = async (who: string, i: number): Promise<number> => {
      const lines = (await readFile(join(folder, who), 'utf8').catch(() => '')).split('\n');
      return lines.filter((line) => line === String(i)).length;
    };
    const start = async (): Promise<App> => {
      const queue = `announce-${randomUUID()}`;
      const { app } = ourApp(place, {
        taskQueues: [{ name: queue, exchange: 'announce', exchangeType: 'fanout' }],
      });
      onTestFinished(() => app.close());
      const worker = await ourWorker(app, { queues: [queue] });
      onTestFinished(async () => {
        await worker.stop();
        await (await app.transport()).deleteQueue(queue);
      });
      return app;
    };
    const theirs = await startPythonWorker(interpreter, place, ['announce']);
    onTestFinished(() => theirs.stop());

    const [app] = await Promise.all([start(), start()]);
    const python = new PythonProducer(interpreter, place);
    onTestFinished(() => python.stop());
    const fromUs = (i: number) =>
      app.sendTask('all.note', [folder, i], { exchange: 'announce', ignoreResult: true });
    const fromPython = (i: number) =>
      python.send({
        task: 'all.note',
        args: [folder, i],
        options: { queue: 'announce', ignore_result: true },
        declare: { announce: 'fanout' },
      });

    // Python's worker says that it is ready before it listens, and who does not listen misses what is told.
    let i = 0;
    await expect
      .poll(async () => {
        await fromUs(++i);
        return runs('py', i - 1);
      })
      .toBe(1);
    for (const send of [fromUs, fromPython]) {
      await send(++i);
      await expect.poll(async () => [await runs('py', i), await runs('js', i)]).toEqual([1, 2]);
    }
  },
);
