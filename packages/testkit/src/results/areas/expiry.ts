import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Suite } from '../suite.js';

export function expiry(suite: Suite): void {
  suite.area('expiry', () => {
    suite.test(
      'documents go after the seconds that the store was given',
      async (scene) => {
        const pair = await scene.pair({ expires: 1 });
        const taskId = randomUUID();
        await pair.store({ taskId, status: 'SUCCESS', result: 1 });
        assert.equal((await pair.reader.get(taskId))?.result, 1);
        await scene.until(async () => {
          await pair.writer.removeExpired();
          return (await pair.reader.get(taskId)) === undefined;
        }, 'the document is gone');
      },
      suite.lacks('expiry'),
      suite.lacks('shared'),
    );

    suite.test(
      'documents go sooner, later or never if they were stored so',
      async (scene) => {
        const pair = await scene.pair({ expires: 1 });
        const [normal, later, never] = [randomUUID(), randomUUID(), randomUUID()];
        await pair.store({ taskId: never, status: 'SUCCESS' }, { expires: null });
        await pair.store({ taskId: later, status: 'SUCCESS' }, { expires: 1000 });
        await pair.store({ taskId: normal, status: 'SUCCESS' });
        const patient = await scene.pair({ expires: 1000 });
        const sooner = randomUUID();
        await patient.store({ taskId: sooner, status: 'SUCCESS' }, { expires: 1 });
        await scene.until(async () => {
          await pair.writer.removeExpired();
          const found = await pair.reader.getMany([normal, sooner]);
          return found.every((document) => document === undefined);
        }, 'those with one second are gone');
        assert.notEqual(await pair.reader.get(later), undefined);
        assert.notEqual(await pair.reader.get(never), undefined);
      },
      suite.lacks('expiry'),
      suite.lacks('shared'),
    );

    suite.test(
      'documents of a store without expiry stay',
      async (scene) => {
        const pair = await scene.pair({ expires: null });
        const taskId = randomUUID();
        await pair.store({ taskId, status: 'SUCCESS', result: 1 });
        await pair.writer.removeExpired();
        assert.equal((await pair.reader.get(taskId))?.result, 1);
      },
      suite.lacks('shared'),
    );
  });
}
