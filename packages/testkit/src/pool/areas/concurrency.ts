import assert from 'node:assert/strict';
import type { Suite } from '../suite.js';
import { Tally } from '../tally.js';

/** How many jobs run at the same time. */
export function concurrency(suite: Suite): void {
  const { slots } = suite;

  suite.area('concurrency', () => {
    suite.test(`as many jobs run as there are slots (${slots}), and no more`, async (scene) => {
      const pool = await scene.start({ limit: slots });
      const gate = await scene.gate();
      const labels = Array.from({ length: slots * 3 }, (_, i) => `job ${i}`);
      const all = labels.map((label) => scene.watch(pool, 'gated', [gate.port, label]));
      const tally = new Tally(all);
      for (let i = 0; i < labels.length; i += slots) {
        const wave = labels.slice(i, i + slots);
        const arrivals = await Promise.all(wave.map((label) => gate.arrival(label)));
        assert.equal(gate.labels.length, i + slots, 'nobody else runs');
        for (const arrival of arrivals) arrival.release();
        for (const watched of all.slice(i, i + slots)) await scene.valueOf(watched);
      }
      assert.equal(tally.most, slots);
    });

    suite.test('with one slot, jobs run in the order they were handed in', async (scene) => {
      const pool = await scene.start({ limit: 1 });
      const order: number[] = [];
      const all = Array.from({ length: 30 }, (_, i) => {
        const watched = scene.watch(pool, i % 2 === 0 ? 'add' : 'addLater', [i, 0]);
        void watched.ended.then(() => order.push(i));
        return watched;
      });
      for (const watched of all) await scene.valueOf(watched);
      assert.deepEqual(
        order,
        all.map((_, i) => i),
      );
    });

    suite.test(
      'no job waits behind a long one while a slot is free',
      async (scene) => {
        const pool = await scene.start({ limit: 2 });
        const gate = await scene.gate();
        const long = scene.watch(pool, 'gated', [gate.port, 'long'], { scheduleKey: 'long' });
        const arrival = await gate.arrival('long');
        const short = Array.from({ length: 200 }, (_, i) =>
          scene.watch(pool, 'add', [i, 0], { scheduleKey: 'short' }),
        );
        for (const watched of short) await scene.valueOf(watched);
        assert.equal(arrival.isGone, false, 'the long one still runs');
        arrival.release();
        assert.equal(await scene.valueOf(long), 'long');
      },
      suite.single,
    );

    suite.test(
      'CPU-bound jobs run at the same time',
      async (scene) => {
        const pool = await scene.start({ limit: 2 });
        const folder = await scene.folder();
        const [a, b] = [
          scene.watch(pool, 'meet', [folder, 'a', 'b', scene.patience / 2]),
          scene.watch(pool, 'meet', [folder, 'b', 'a', scene.patience / 2]),
        ];
        assert.deepEqual([await scene.valueOf(a), await scene.valueOf(b)], [true, true], 'they met');
      },
      suite.lacks('parallel'),
      suite.single,
    );

    suite.test(
      'CPU-bound jobs run one after the other',
      async (scene) => {
        const pool = await scene.start({ limit: slots });
        const folder = await scene.folder();
        const first = scene.watch(pool, 'meet', [folder, 'a', 'b', 0.3]);
        const second = scene.watch(pool, 'meet', [folder, 'b', 'a', 0.3]);
        assert.equal(await scene.valueOf(first), false, 'the other did not run meanwhile');
        assert.equal(await scene.valueOf(second), true);
      },
      suite.has('parallel'),
    );
  });
}
