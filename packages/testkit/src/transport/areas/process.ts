import assert from 'node:assert/strict';
import type { Suite } from '../suite.js';
import { TransportProcess } from '../transport-process.js';

/** What a transport does to the process it lives in. */
export function processes(suite: Suite): void {
  const lack = suite.without('module');
  suite.area('process', () => {
    suite.test('a transport for several processes can be tested in several', async () => {
      if (suite.capabilities.multiProcess) assert.ok(suite.options.module, 'the option module is given');
    });

    suite.test(
      'importing and making a transport opens nothing',
      async (scene) => {
        const child = new TransportProcess(suite, scene, { play: 'import', queue: '', count: 0 });
        await child.endsWell();
        assert.deepEqual((await child.tells('imported')).added, []);
      },
      lack,
    );

    suite.test(
      'a closed transport lets the process end',
      async (scene) => {
        const queue = scene.name('queue');
        const child = new TransportProcess(suite, scene, { play: 'round-trip', queue, count: 20 });
        await child.tells('closed');
        await child.endsWell();
      },
      lack,
    );
  });
}
