import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ResultStoreClosedError } from '@pool/results';
import type { Suite } from '../suite.js';

const closed = (error: unknown): boolean => ResultStoreClosedError.isInstance(error);

export function lifecycle(suite: Suite): void {
  suite.area('lifecycle', () => {
    suite.test('connects when first used, without being told to', async (scene) => {
      const store = scene.open();
      assert.equal(await scene.within(store.get(randomUUID()), 'get answers'), undefined);
    });

    suite.test('connects once, however often it is told to', async (scene) => {
      const store = scene.open();
      await scene.within(Promise.all([store.connect(), store.connect()]), 'connect resolves');
      await store.connect();
    });

    suite.test('closes once, however often it is told to, and before it was connected', async (scene) => {
      const store = scene.open();
      await scene.within(Promise.all([store.close(), store.close()]), 'close resolves');
      await assert.rejects(store.connect(), closed);
    });

    suite.test('close writes what was stored before', async (scene) => {
      const pair = await scene.pair();
      const id = randomUUID();
      const stored = pair.store({ taskId: id, status: 'SUCCESS', result: 1 });
      await scene.within(pair.writer.close(), 'close resolves');
      await stored;
      assert.equal((await pair.read(scene, id, 'SUCCESS')).result, 1);
    });

    suite.test('close ends waits with ResultStoreClosedError', async (scene) => {
      const store = scene.open();
      await store.connect();
      const waiting = store.waitFor([randomUUID()]);
      const ended = assert.rejects(waiting, closed);
      await scene.within(store.close(), 'close resolves');
      await scene.within(ended, 'the wait ends');
    });

    suite.test('refuses work after close', async (scene) => {
      const store = scene.open();
      await store.connect();
      await store.close();
      const id = randomUUID();
      await assert.rejects(store.get(id), closed);
      await assert.rejects(store.storeResult({ taskId: id, status: 'SUCCESS', result: 1 }), closed);
      await assert.rejects(store.waitFor([id]), closed);
      assert.throws(() => store.watch(id, () => {}), closed);
    });

    suite.test('is disposed of by closing', async (scene) => {
      const store = scene.open();
      await store.connect();
      await scene.within(store[Symbol.asyncDispose](), 'it is disposed of');
      await assert.rejects(store.get(randomUUID()), closed);
    });
  });
}
