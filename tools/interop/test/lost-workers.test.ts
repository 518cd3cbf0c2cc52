import type { App, AsyncResult } from '@pool/app';
import { expect, onTestFinished, test } from 'vitest';
import { rabbitAndRedisPlace, redisPlace } from './support/place.js';
import { celeryInterpreter, ourApp, ourWorker } from './support/scene.js';
import { startPoolCommand, startPythonWorker } from './support/workers.js';

const interpreter = await celeryInterpreter();
const places = [await redisPlace(), await rabbitAndRedisPlace()];
const timeout = 30;

/** Sends a task that hangs on one side, and the moment when it hangs there. */
async function sendHanging(app: App, where: string): Promise<[AsyncResult, Promise<void>]> {
  const result = await app.sendTask('both.hang', [where]);
  const hangs = new Promise<void>((resolve) => {
    result.on('state', (state) => {
      if (state === 'STARTED') resolve();
    });
  });
  return [result, hangs];
}

test.each(places)('what a killed Python worker held on $name is run by ours', async (place) => {
  const { app } = ourApp(place, {
    ...(place.name === 'Redis'
      ? { brokerTransportOptions: { visibilityTimeout: 1, unackedRestoreInterval: 0.5, goneAfter: 1 } }
      : {}),
  });
  onTestFinished(() => app.close());
  const [result, hangs] = await sendHanging(app, 'py');
  const theirs = await startPythonWorker(interpreter, place, ['both']);
  onTestFinished(() => theirs.stop());
  await hangs;
  await theirs.stop();
  const ours = await ourWorker(app, { queues: ['both'] });
  onTestFinished(() => ours.stop());
  expect(await result.get({ timeout })).toBe('js');
});

test.each(places)('what a killed worker of ours held on $name is run by Python', async (place) => {
  const { app } = ourApp(place, {
    ...(place.name === 'Redis'
      ? { brokerTransportOptions: { unackedRestoreInterval: 0.5, goneAfter: 1 } }
      : {}),
  });
  onTestFinished(() => app.close());
  const [result, hangs] = await sendHanging(app, 'js');
  const killed = await startPoolCommand(place, 'green', ['both']);
  onTestFinished(() => killed.stop());
  await hangs;
  await killed.stop();
  const theirs = await startPythonWorker(interpreter, place, ['both']);
  onTestFinished(() => theirs.stop());
  // On Redis another of ours sees that it is gone, whatever queue that one takes from.
  const other = await ourWorker(app, { queues: ['js'] });
  onTestFinished(() => other.stop());
  expect(await result.get({ timeout })).toBe('py');
});
