import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Suite } from '../suite.js';

export function states(suite: Suite): void {
  suite.area('states', () => {
    suite.test('a later state takes the place of an earlier one', async (scene) => {
      const pair = await scene.pair();
      const taskId = randomUUID();
      for (const status of ['STARTED', 'RETRY', 'FAILURE', 'SUCCESS']) {
        await pair.store({ taskId, status, result: status });
        assert.equal((await pair.read(scene, taskId, status)).result, status);
      }
    });

    suite.test('the last of the states stored in one turn is the one that stays', async (scene) => {
      const pair = await scene.pair();
      const taskId = randomUUID();
      await Promise.all(['STARTED', 'PROGRESS', 'FAILURE'].map((status) => pair.store({ taskId, status })));
      await pair.read(scene, taskId, 'FAILURE');
    });

    for (const status of ['SUCCESS', 'FAILURE', 'REVOKED', 'STARTED', 'PROGRESS']) {
      suite.test(
        `${status} does not overwrite a success`,
        async (scene) => {
          const pair = await scene.pair();
          const taskId = randomUUID();
          await pair.store({ taskId, status: 'SUCCESS', result: 'first' });
          await pair.store({ taskId, status, result: 'second' });
          const third = scene.open();
          await third.storeResult({ taskId, status, result: 'third' }, pair.route(taskId));
          const document = await scene.open().get(taskId);
          assert.deepEqual([document?.status, document?.result], ['SUCCESS', 'first']);
        },
        suite.lacks('shared'),
      );
    }

    suite.test(
      'a success stays, whoever else stores at the same moment',
      async (scene) => {
        const pair = await scene.pair();
        const other = scene.open();
        await other.connect();
        const ids = Array.from({ length: 100 }, () => randomUUID());
        await Promise.all(ids.map((taskId) => pair.store({ taskId, status: 'STARTED' })));
        await Promise.all(
          ids.flatMap((taskId, i) => {
            const success = (): Promise<void> => pair.store({ taskId, status: 'SUCCESS', result: i });
            const failure = (): Promise<void> => other.storeResult({ taskId, status: 'FAILURE' });
            return i % 2 === 0 ? [success(), failure()] : [failure(), success()];
          }),
        );
        const found = await pair.reader.getMany(ids);
        assert.deepEqual(
          found.map((document) => [document?.status, document?.result]),
          ids.map((_, i) => ['SUCCESS', i]),
        );
      },
      suite.lacks('shared'),
    );

    suite.test(
      'a result is there for everybody, as often as it is asked for',
      async (scene) => {
        const pair = await scene.pair();
        const taskId = randomUUID();
        await pair.store({ taskId, status: 'SUCCESS', result: 5 });
        for (const store of [pair.reader, pair.writer, scene.open(), pair.reader]) {
          assert.equal((await store.get(taskId))?.result, 5);
        }
      },
      suite.lacks('shared'),
    );

    suite.test(
      'a result outlives the store that wrote it',
      async (scene) => {
        const writer = scene.open();
        const taskId = randomUUID();
        await writer.storeResult({ taskId, status: 'SUCCESS', result: 5 });
        await writer.close();
        assert.equal((await scene.open().get(taskId))?.result, 5);
      },
      suite.lacks('persistent'),
    );
  });
}
