import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ResultTimeoutError } from '@pool/results';
import type { Suite } from '../suite.js';

/** Seconds between looks that no test lives to see: what ends a wait in time was told. */
const never = 3600;

export function waiting(suite: Suite): void {
  const wakes = suite.capabilities.wakeUp ? { pollInterval: never } : { pollInterval: 0.02 };

  suite.area('waiting', () => {
    suite.test('a wait that began before the result ends with it', async (scene) => {
      const pair = await scene.pair(wakes);
      const id = randomUUID();
      const waiting = pair.reader.waitFor([id]);
      await pair.store({ taskId: id, status: 'SUCCESS', result: 5 });
      const [document] = await scene.within(waiting, 'the wait ends');
      assert.equal(document?.result, 5);
    });

    suite.test('a wait that begins after the result ends at once', async (scene) => {
      const pair = await scene.pair(wakes);
      const id = randomUUID();
      await pair.store({ taskId: id, status: 'SUCCESS', result: 5 });
      await pair.read(scene, id, 'SUCCESS');
      const [document] = await scene.within(pair.reader.waitFor([id]), 'the wait ends');
      assert.equal(document?.result, 5);
    });

    suite.test('no result falls between a wait and its beginning', async (scene) => {
      const pair = await scene.pair(wakes);
      for (let round = 0; round < 50; round++) {
        const ids = Array.from({ length: 4 }, () => randomUUID());
        const stored = ids.slice(0, 2).map((taskId) => pair.store({ taskId, status: 'SUCCESS' }));
        const waiting = pair.reader.waitFor(ids);
        stored.push(...ids.slice(2).map((taskId) => pair.store({ taskId, status: 'SUCCESS' })));
        await scene.within(Promise.all([waiting, ...stored]), `the wait of round ${round} ends`);
      }
    });

    suite.test('many are awaited together and come in the order they were asked for', async (scene) => {
      const pair = await scene.pair(wakes);
      const ids = Array.from({ length: 50 }, () => randomUUID());
      const order: string[] = [];
      const waiting = pair.reader.waitFor([...ids, ids[0] as string], {
        onReady: (doc) => order.push(doc.taskId),
      });
      for (const id of [...ids].reverse()) await pair.store({ taskId: id, status: 'SUCCESS', result: id });
      const found = await scene.within(waiting, 'the wait ends');
      assert.deepEqual(
        found.map((document) => document.result),
        [...ids, ids[0]],
      );
      assert.deepEqual([...order].sort(), [...ids].sort());
    });

    suite.test('nothing is awaited in no time', async (scene) => {
      const { reader } = await scene.pair(wakes);
      assert.deepEqual(await scene.within(reader.waitFor([]), 'it resolves'), []);
    });

    for (const state of ['STARTED', 'RETRY', 'PROGRESS']) {
      suite.test(`a wait goes on in the state ${state}`, async (scene) => {
        const pair = await scene.pair(wakes);
        const id = randomUUID();
        let ready = false;
        const waiting = pair.reader.waitFor([id]).then(([document]) => {
          ready = true;
          return document;
        });
        await pair.store({ taskId: id, status: state, result: null });
        await pair.read(scene, id, state);
        assert.equal(ready, false);
        await pair.store({ taskId: id, status: 'SUCCESS', result: 1 });
        assert.equal((await scene.within(waiting, 'the wait ends'))?.result, 1);
      });
    }

    for (const state of ['FAILURE', 'REVOKED']) {
      suite.test(`a wait ends in the state ${state}`, async (scene) => {
        const pair = await scene.pair(wakes);
        const id = randomUUID();
        const waiting = pair.reader.waitFor([id]);
        await pair.store({ taskId: id, status: state, result: null });
        const [document] = await scene.within(waiting, 'the wait ends');
        assert.equal(document?.status, state);
      });
    }

    suite.test('a wait that takes too long fails with the ids that are missing', async (scene) => {
      const pair = await scene.pair(wakes);
      const [there, missing] = [randomUUID(), randomUUID()];
      await pair.store({ taskId: there, status: 'SUCCESS', result: 1 });
      await pair.read(scene, there, 'SUCCESS');
      const seen: string[] = [];
      const waiting = pair.reader.waitFor([there, missing], {
        timeout: 0.5,
        onReady: (document) => seen.push(document.taskId),
      });
      await scene.within(
        assert.rejects(
          waiting,
          (error) => ResultTimeoutError.isInstance(error) && error.ids.includes(missing),
        ),
        'the wait fails',
      );
      assert.equal(seen.includes(missing), false);
    });

    suite.test('a wait ends when the sending of its tasks fails, and not when it is done', async (scene) => {
      const pair = await scene.pair(wakes);
      const reason = new Error('the broker refused');
      const unsent = pair.reader.waitFor([randomUUID()], { sent: Promise.reject(reason) });
      await scene.within(
        assert.rejects(unsent, (error) => error === reason),
        'the wait ends',
      );
      const id = randomUUID();
      const waiting = pair.reader.waitFor([id], { sent: Promise.resolve() });
      await pair.store({ taskId: id, status: 'SUCCESS', result: 5 });
      assert.equal((await scene.within(waiting, 'the wait ends'))[0]?.result, 5);
    });

    suite.test('an id that a store gives for a task is waited for like any other', async (scene) => {
      const pair = await scene.pair(wakes);
      for (let i = 0; i < 40; i++) {
        const id = pair.reader.reserveId?.() ?? randomUUID();
        const early = i % 2 === 0;
        if (early) await pair.store({ taskId: id, status: 'SUCCESS', result: i });
        const waiting = pair.reader.waitFor([id]);
        if (!early) await pair.store({ taskId: id, status: 'SUCCESS', result: i });
        assert.equal((await scene.within(waiting, `the wait for result ${i} ends`))[0]?.result, i);
      }
    });

    suite.test('a wait is ended by its signal, with its reason, and others go on', async (scene) => {
      const pair = await scene.pair(wakes);
      const id = randomUUID();
      const abort = new AbortController();
      const ended = pair.reader.waitFor([id], { signal: abort.signal });
      const other = pair.reader.waitFor([id]);
      const reason = new Error('enough');
      abort.abort(reason);
      await scene.within(
        assert.rejects(ended, (error) => error === reason),
        'the wait ends',
      );
      await pair.store({ taskId: id, status: 'SUCCESS', result: 1 });
      assert.equal((await scene.within(other, 'the other wait ends'))[0]?.result, 1);
      await assert.rejects(pair.reader.waitFor([id], { signal: abort.signal }), (error) => error === reason);
    });

    suite.test(
      'several processes wait for the same result',
      async (scene) => {
        const pair = await scene.pair(wakes);
        const id = randomUUID();
        const others = [scene.open(wakes), scene.open(wakes)];
        const waiting = [pair.reader, ...others].map((store) => store.waitFor([id]));
        await pair.store({ taskId: id, status: 'SUCCESS', result: 1 });
        const found = await scene.within(Promise.all(waiting), 'all waits end');
        assert.deepEqual(
          found.map(([document]) => document?.result),
          [1, 1, 1],
        );
      },
      suite.lacks('shared'),
    );
  });
}
