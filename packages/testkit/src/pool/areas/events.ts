import assert from 'node:assert/strict';
import type { BasePool, Job } from '@pool/core';
import type { Suite } from '../suite.js';

/** The events of every pool. */
export function events(suite: Suite): void {
  suite.area('events', () => {
    suite.test('started, apply, preShutdown and postShutdown come in this order', async (scene) => {
      const pool = scene.create();
      const story = record(pool);
      await scene.within(pool.start(), 'the pool starts');
      assert.deepEqual(story, ['started']);
      await scene.run(pool, 'add', [1, 2]);
      await scene.run(pool, 'add', [1, 2]);
      await scene.within(pool.stop(), 'the pool stops');
      assert.deepEqual(story, ['started', 'apply', 'apply', 'preShutdown', 'postShutdown']);
    });

    suite.test('preShutdown comes before the wait, postShutdown after it', async (scene) => {
      const pool = await scene.start();
      const gate = await scene.gate();
      const story = record(pool);
      const held = scene.watch(pool, 'gated', [gate.port, 'held']);
      void held.ended.then(() => story.push('ended'));
      const arrival = await gate.arrival('held');
      const stopped = pool.stop();
      assert.deepEqual(story, ['apply', 'preShutdown']);
      arrival.release();
      await scene.within(stopped, 'the pool stops');
      assert.deepEqual(story, ['apply', 'preShutdown', 'ended', 'postShutdown']);
    });

    suite.test('terminate() is told once', async (scene) => {
      const pool = await scene.start();
      const story = record(pool);
      await scene.within(Promise.all([pool.terminate(), pool.terminate(), pool.stop()]), 'the pool ends');
      assert.deepEqual(
        story.filter((event) => event === 'postShutdown'),
        ['postShutdown'],
      );
    });

    suite.test('apply carries the job', async (scene) => {
      const pool = await scene.start();
      const seen: Job[] = [];
      pool.on('apply', (job) => seen.push(job));
      const watched = scene.watch(pool, 'add', [1, 2], { correlationId: 'task-1' });
      await scene.valueOf(watched);
      assert.deepEqual(
        seen.map(({ id, correlationId }) => ({ id, correlationId })),
        [{ id: watched.job?.id, correlationId: 'task-1' }],
      );
    });
  });
}

function record(pool: BasePool): string[] {
  const story: string[] = [];
  for (const event of ['started', 'apply', 'preShutdown', 'postShutdown'] as const) {
    pool.on(event, () => story.push(event));
  }
  return story;
}
