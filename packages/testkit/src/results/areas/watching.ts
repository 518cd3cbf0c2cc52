import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { ResultDocument } from '@pool/results';
import type { Suite } from '../suite.js';

export function watching(suite: Suite): void {
  suite.area('watching', () => {
    suite.test('progress is seen by who watches', async (scene) => {
      const pair = await scene.pair();
      const id = randomUUID();
      const seen: unknown[] = [];
      let last: ((done: number) => void) | undefined;
      const stop = pair.reader.watch(id, ({ status, result }) => {
        if (status !== 'PROGRESS') return;
        const { done } = result as { done: number };
        seen.push(done);
        last?.(done);
      });
      for (const done of [1, 2, 3]) {
        const arrived = new Promise<void>((resolve) => {
          last = (value) => {
            if (value === done) resolve();
          };
        });
        await pair.writer.updateState(id, 'PROGRESS', { done }, pair.route(id));
        await scene.within(arrived, `progress ${done} is seen`);
      }
      stop();
      assert.deepEqual(seen, [1, 2, 3]);
    });

    suite.test(
      'a watcher is shown at once what is there already',
      async (scene) => {
        const pair = await scene.pair();
        const id = randomUUID();
        await pair.writer.updateState(id, 'PROGRESS', 50, pair.route(id));
        assert.equal((await pair.read(scene, id, 'PROGRESS')).result, 50);
        const late = await scene.pair();
        assert.equal((await late.read(scene, id, 'PROGRESS')).result, 50);
      },
      suite.lacks('shared'),
    );

    suite.test('a watcher sees each document once', async (scene) => {
      const pair = await scene.pair({ pollInterval: 0.01 });
      const id = randomUUID();
      const seen: string[] = [];
      const stop = pair.reader.watch(id, ({ status }) => void seen.push(status));
      await pair.writer.updateState(id, 'PROGRESS', 1, pair.route(id));
      await pair.read(scene, id, 'PROGRESS');
      await pair.store({ taskId: id, status: 'SUCCESS', result: 1 });
      await pair.read(scene, id, 'SUCCESS');
      stop();
      assert.deepEqual(seen, ['PROGRESS', 'SUCCESS']);
    });

    suite.test('a watcher that stopped is not told any more', async (scene) => {
      const pair = await scene.pair();
      const id = randomUUID();
      const seen: ResultDocument[] = [];
      const stop = pair.reader.watch(id, (document) => void seen.push(document));
      stop();
      await pair.store({ taskId: id, status: 'SUCCESS', result: 1 });
      await pair.read(scene, id, 'SUCCESS');
      assert.deepEqual(seen, []);
    });

    suite.test(
      'what a watcher throws goes to its own error listener and harms nobody else',
      async (scene) => {
        const pair = await scene.pair();
        const id = randomUUID();
        const thrown = new Error('mine');
        const told = new Promise<unknown>((resolve) => {
          pair.reader.watch(
            id,
            () => {
              throw thrown;
            },
            resolve,
          );
        });
        const waiting = pair.reader.waitFor([id]);
        await pair.store({ taskId: id, status: 'SUCCESS', result: 1 });
        assert.equal(await scene.within(told, 'the listener is told'), thrown);
        assert.equal((await scene.within(waiting, 'the wait ends'))[0]?.result, 1);
      },
    );
  });
}
