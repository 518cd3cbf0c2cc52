import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { NotSupportedError } from '@pool/results';
import type { Suite } from '../suite.js';

export function forget(suite: Suite): void {
  suite.area('forget', () => {
    suite.test(
      'forgotten documents are gone, others stay, unknown ones do no harm',
      async (scene) => {
        const pair = await scene.pair();
        const ids = Array.from({ length: 3 }, () => randomUUID());
        await Promise.all(ids.map((taskId) => pair.store({ taskId, status: 'SUCCESS', result: taskId })));
        await pair.reader.waitFor(ids);
        await pair.reader.forget(ids[0] as string);
        await pair.reader.forget([ids[1] as string, randomUUID()]);
        const found = await pair.reader.getMany(ids);
        assert.deepEqual(
          found.map((document) => document?.result),
          [undefined, undefined, ids[2]],
        );
      },
      suite.lacks('forget'),
    );

    suite.test(
      'a task that was forgotten can have a result again',
      async (scene) => {
        const pair = await scene.pair();
        const taskId = randomUUID();
        await pair.store({ taskId, status: 'SUCCESS', result: 1 });
        await pair.read(scene, taskId, 'SUCCESS');
        await pair.reader.forget(taskId);
        await pair.store({ taskId, status: 'FAILURE', result: null });
        await pair.read(scene, taskId, 'FAILURE');
      },
      suite.lacks('forget'),
      suite.lacks('shared'),
    );

    suite.test(
      'says that it cannot forget',
      async (scene) => {
        const { reader } = await scene.pair();
        await assert.rejects(
          reader.forget(randomUUID()),
          (error) => NotSupportedError.isInstance(error) && error.capability === 'forget',
        );
      },
      suite.has('forget'),
    );
  });
}
