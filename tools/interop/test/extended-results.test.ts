import type { App } from '@pool/app';
import type { ResultDocument } from '@pool/results';
import { until } from '@pool/servers/waiting';
import { expect, onTestFinished, test } from 'vitest';
import { redisPlace } from './support/place.js';
import { celeryInterpreter, ourApp, ourWorker } from './support/scene.js';
import { startPythonWorker } from './support/workers.js';

const interpreter = await celeryInterpreter();
const place = await redisPlace();

/** What is stored of a task on its way to its end, in order. */
async function storedOf(app: App, task: string, queue: string): Promise<ResultDocument[]> {
  const result = app.AsyncResult(crypto.randomUUID());
  const store = await app.resultStore();
  const documents: ResultDocument[] = [];
  onTestFinished(store.watch(result.id, (document) => documents.push(document)));
  await store.get(result.id);
  await app.sendTask(task, [queue], { queue, timeLimit: 1, taskId: result.id });
  await until(() => documents.at(-1)?.status === 'FAILURE', `${task} of ${queue} failed`);
  // Celery stores the end of a limit twice.
  return documents.slice(0, documents.findIndex(({ status }) => status === 'FAILURE') + 1);
}

/** Less what differs from one task and one worker to the next, but whether it is there. */
function comparable({ taskId, dateDone, worker, result, ...rest }: ResultDocument) {
  const { pid, hostname, ...said } = result as Record<string, unknown>;
  return {
    ...rest,
    worker: typeof worker,
    done: dateDone !== null,
    result: said,
    place: [typeof pid, typeof hostname],
  };
}

test('a task that is started, is ended by its limit, or is unknown leaves what Celery leaves', async () => {
  const { app } = ourApp(place, { resultExtended: true });
  onTestFinished(() => app.close());
  const options = { pool: 'prefork', env: { INTEROP_EXTENDED: '1' } } as const;
  const theirs = await startPythonWorker(interpreter, place, ['py'], options);
  // Killed alone it would leave its children behind.
  onTestFinished(() => {
    theirs.process.stdin?.end();
    return theirs.ended;
  });
  const ours = await ourWorker(app, { queues: ['js'] });
  onTestFinished(() => ours.stop());
  for (const task of ['both.hang', 'nobody.knows']) {
    const [stored, expected] = await Promise.all(
      ['js', 'py'].map(async (queue) =>
        JSON.parse(
          JSON.stringify((await storedOf(app, task, queue)).map(comparable)).replaceAll(`"${queue}"`, '"…"'),
        ),
      ),
    );
    expect(stored).toEqual(expected);
    expect(stored.map(({ status }: ResultDocument) => status)).toEqual(
      task === 'both.hang' ? ['STARTED', 'FAILURE'] : ['FAILURE'],
    );
  }
});
