import assert from 'node:assert/strict';
import { NotTransferableError } from '@pool/core';
import type { Suite } from '../suite.js';

/** Jobs that run elsewhere must manage this much in one value. */
const HUGE = 64 * 1024 * 1024;
/** Jobs that share our memory only hand over a pointer, so that much would prove nothing. */
const LARGE = 1024 * 1024;

/** Deeper than the recursion of any encoder goes. */
const TOO_DEEP = 20_000;

/** What can be handed in and comes back. */
export function payloads(suite: Suite): void {
  const elsewhere = suite.capabilities.isolatedMemory;
  const size = elsewhere ? HUGE : LARGE;
  const shared = elsewhere ? undefined : 'jobs share our memory, so every value can be handed over';

  suite.area('payloads', () => {
    suite.test('JSON values come back as they went', async (scene) => {
      const pool = await scene.start();
      const args: unknown[] = [
        null,
        true,
        0,
        -1.5,
        1e300,
        Number.MAX_SAFE_INTEGER,
        '',
        'línea\n"quoted"\\ \u0000 \u2028 😀',
        [],
        [[[]], [1, [2]]],
        {},
        { a: { b: [{ c: null }] }, 'odd key\n': 1, '': 2, constructor: 3, toString: 'x' },
      ];
      assert.deepEqual(await scene.run(pool, 'echo', args), args);
    });

    suite.test('a key named __proto__ is a key like any other', async (scene) => {
      const pool = await scene.start();
      const hostile: unknown = JSON.parse('{"__proto__": {"polluted": true}, "fine": 1}');
      const [back] = (await scene.run(pool, 'echo', [hostile])) as [Record<string, unknown>];
      assert.equal(back['fine'], 1);
      assert.equal((back as { polluted?: unknown }).polluted, undefined, 'it is not the prototype');
      assert.equal(({} as { polluted?: unknown }).polluted, undefined, 'nothing else is touched');
    });

    suite.test('bytes come back as bytes', async (scene) => {
      const pool = await scene.start();
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
      const back = (await scene.run(pool, 'reverseBytes', [Buffer.from(bytes)])) as Uint8Array;
      assert.ok(back instanceof Uint8Array, `a Uint8Array or Buffer, not ${typeof back}`);
      assert.deepEqual([...back], [...bytes].reverse());
    });

    suite.test(`a result of ${size / 1024 / 1024} MiB arrives whole`, async (scene) => {
      const pool = await scene.start({ limit: 1 });
      const back = (await scene.run(pool, 'text', [size])) as string;
      assert.equal(back.length, size);
      assert.ok(/^x+$/.test(back.slice(0, 100) + back.slice(-100)));
      await scene.assertWhole(pool);
    });

    suite.test(`an argument of ${size / 1024 / 1024} MiB arrives whole`, async (scene) => {
      const pool = await scene.start({ limit: 1 });
      assert.equal(await scene.run(pool, 'lengthOf', ['y'.repeat(size)]), size);
      assert.equal(await scene.run(pool, 'lengthOf', [Buffer.alloc(size)]), size);
      await scene.assertWhole(pool);
    });

    suite.test('small jobs are not mixed up with large ones around them', async (scene) => {
      const pool = await scene.start({ limit: suite.slots });
      const all = Array.from({ length: 40 }, (_, i) =>
        i % 4 === 0 ? scene.watch(pool, 'text', [300_000 + i]) : scene.watch(pool, 'add', [i, 0]),
      );
      for (const [i, watched] of all.entries()) {
        const value = await scene.valueOf(watched);
        if (i % 4 === 0) assert.equal((value as string).length, 300_000 + i);
        else assert.equal(value, i);
      }
    });

    suite.test(
      'an argument that cannot be carried fails its job and names where it sits',
      async (scene) => {
        const pool = await scene.start();
        const bad = { list: [1, { handler: (): void => {} }] };
        const info = await scene.failureOf(scene.watch(pool, 'echo', ['fine', bad]));
        assertPath(info.toError(), ['1', 'list', 'handler']);
        const inKwargs = scene.watch(pool, 'echo', [], {}, { settings: { hook: (): void => {} } });
        assertPath((await scene.failureOf(inKwargs)).toError(), ['settings', 'hook']);
        await scene.assertWhole(pool);
      },
      shared,
    );

    suite.test(
      'a result that cannot be carried fails its job and names where it sits',
      async (scene) => {
        const pool = await scene.start();
        const watched = scene.watch(pool, 'untransferable');
        assertPath((await scene.failureOf(watched)).toError(), ['list', '1', 'fn']);
        await scene.assertWhole(pool);
      },
      shared,
    );

    suite.test('a cycle is carried, or refused with its place', async (scene) => {
      const pool = await scene.start();
      const value: Record<string, unknown> = { name: 'cycle' };
      value['self'] = value;
      for (const watched of [scene.watch(pool, 'echo', [value]), scene.watch(pool, 'cyclic')]) {
        const ending = await scene.ending(watched);
        if (ending.kind === 'success') {
          const back = (Array.isArray(ending.value) ? ending.value[0] : ending.value) as typeof value;
          assert.equal(back['self'], back);
        } else {
          assert.equal(ending.kind, 'failure');
          if (ending.kind === 'failure') assertPath(ending.info.toError(), ['self']);
        }
      }
      await scene.assertWhole(pool);
    });

    suite.test('a value too deep to encode fails its job alone', async (scene) => {
      const pool = await scene.start();
      let value: unknown = 'bottom';
      for (let level = 0; level < TOO_DEEP; level++) value = [value];
      for (const watched of [scene.watch(pool, 'echo', [value]), scene.watch(pool, 'deep', [TOO_DEEP])]) {
        const ending = await scene.ending(watched);
        if (ending.kind === 'failure') {
          assert.ok(ending.info.toError() instanceof NotTransferableError, String(ending.info));
        } else {
          assert.equal(ending.kind, 'success');
        }
      }
      await scene.assertWhole(pool);
    });
  });
}

function assertPath(error: Error, keys: readonly string[]): void {
  assert.ok(error instanceof NotTransferableError, `a NotTransferableError, not ${String(error)}`);
  assert.equal(typeof error.path, 'string', 'the error has the path');
  for (const key of keys) assert.ok(error.path.includes(key), `the path '${error.path}' names '${key}'`);
  assert.ok(error.message.includes(error.path), `the message names the path: ${error.message}`);
}
