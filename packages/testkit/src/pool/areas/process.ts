import assert from 'node:assert/strict';
import { playElsewhere, startPoolProcess } from '../pool-process.js';
import type { Suite } from '../suite.js';

/** What can only be seen from outside the process that uses the pool. */
export function processes(suite: Suite): void {
  const none = suite.noModule;

  suite.area('process', () => {
    suite.test(
      'importing the package and making a pool starts nothing',
      async (scene) => {
        const told = await playElsewhere(suite, scene, 'import');
        assert.deepEqual(told, { event: 'imported', added: [] }, 'no handle is open and no listener added');
      },
      none,
    );

    for (const end of ['stop', 'terminate'] as const) {
      suite.test(
        `after ${end}() the process can end`,
        async (scene) => {
          const told = await playElsewhere(suite, scene, end);
          assert.deepEqual(told, { event: 'ended', value: 3 });
        },
        none,
      );
    }

    suite.test(
      'when its process is killed, nothing that ran jobs is left',
      async (scene) => {
        const gate = await scene.gate();
        const { child } = startPoolProcess(suite, scene, 'orphans', gate.port);
        const labels = suite.slots > 1 ? ['awaits', 'idle'] : ['awaits'];
        const arrivals = await Promise.all(labels.map((label) => gate.arrival(label)));
        for (const arrival of arrivals) assert.equal(arrival.isGone, false);
        child.kill('SIGKILL');
        for (const arrival of arrivals) {
          await scene.within(arrival.gone, `what runs '${arrival.visitor.label}' is gone`);
        }
      },
      none,
    );

    suite.test(
      'what a callback throws leaves the pool only if callbacksPropagate lists it',
      async (scene) => {
        const told = await playElsewhere(suite, scene, 'propagate');
        assert.deepEqual(told, { event: 'propagated', caught: ['Stop'], value: 7, unfinished: 0 });
      },
      none,
    );
  });
}
