import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SoftTimeLimitExceeded } from '@pool/core';
import { jobOf } from '../scene.js';
import type { Suite } from '../suite.js';

/** How failures reach the caller. */
export function errors(suite: Suite): void {
  suite.area('errors', () => {
    for (const [how, target] of [
      ['throws', 'fail'],
      ['rejects', 'failLater'],
    ] as const) {
      suite.test(`a target that ${how} fails its job with type, message and stack`, async (scene) => {
        const pool = await scene.start();
        const watched = scene.watch(pool, target, ['what went wrong']);
        const { result } = jobOf(watched);
        await assert.rejects(scene.within(result, 'the result rejects'), (error: Error) => {
          assert.ok(error instanceof Error);
          assert.equal(error.message, 'what went wrong');
          return true;
        });
        const info = await scene.failureOf(watched);
        assert.equal(info.type, 'BadInput');
        assert.equal(info.message, 'what went wrong');
        assert.match(info.stack ?? '', /what went wrong/);
        assert.match(info.stack ?? '', new RegExp(target), 'the stack leads to the target');
        assert.equal(info.expected, false);
        await scene.assertWhole(pool);
      });
    }

    suite.test('code, fields and cause of an error come along', async (scene) => {
      const pool = await scene.start();
      const watched = scene.watch(pool, 'failRichly');
      const info = await scene.failureOf(watched);
      assert.equal(info.type, 'RangeError');
      assert.equal(info.code, 'E_OUTER');
      assert.equal(info.fields['attempts'], 3);
      assert.equal(info.fields['host'], 'example');
      assert.equal(info.cause?.type, 'TypeError');
      assert.equal(info.cause?.code, 'E_INNER');
      assert.equal(info.cause?.message, 'the inner one');
      await assert.rejects(jobOf(watched).result, (error: Error & { code?: string; attempts?: number }) => {
        assert.equal(error.name, 'RangeError');
        assert.equal(error.code, 'E_OUTER');
        assert.equal(error.attempts, 3);
        assert.ok(error.cause instanceof Error);
        assert.equal(error.cause.message, 'the inner one');
        return true;
      });
    });

    for (const kind of ['undefined', 'null', 'string', 'object', 'poisoned']) {
      suite.test(`a target may throw what is no proper error: ${kind}`, async (scene) => {
        const pool = await scene.start();
        const watched = scene.watch(pool, 'failOddly', [kind]);
        const info = await scene.failureOf(watched);
        assert.equal(typeof info.type, 'string');
        assert.equal(typeof info.message, 'string');
        await assert.rejects(jobOf(watched).result, (error) => error instanceof Error);
        await scene.assertWhole(pool);
      });
    }

    suite.test('an error whose causes run in a circle is cut off', async (scene) => {
      const pool = await scene.start();
      const info = await scene.failureOf(scene.watch(pool, 'failInCircles'));
      assert.equal(info.message, 'round and round');
      JSON.stringify(info);
      await scene.assertWhole(pool);
    });

    suite.test('an error of another copy of the core is an instance of our class', async (scene) => {
      const pool = await scene.start();
      const url = await copyOfCore(await scene.folder());
      const watched = scene.watch(pool, 'failWithCoreAt', [url]);
      const info = await scene.failureOf(watched);
      assert.equal(info.type, 'SoftTimeLimitExceeded');
      assert.equal(info.code, SoftTimeLimitExceeded.code);
      const error = info.toError();
      assert.ok(error instanceof SoftTimeLimitExceeded, 'instanceof goes by the code');
      assert.equal(error.seconds, 7);
      await assert.rejects(jobOf(watched).result, SoftTimeLimitExceeded);
    });

    suite.test('a failure that nobody listens to is no unhandled rejection', async (scene) => {
      const pool = await scene.start();
      const unhandled: unknown[] = [];
      const listen = (reason: unknown): void => {
        unhandled.push(reason);
      };
      process.on('unhandledRejection', listen);
      try {
        const job = pool.applyAsync(scene.target('fail'), ['unheard']);
        await scene.until(() => job.ready, 'the job ends');
        await scene.assertWhole(pool);
        await new Promise((resolve) => setImmediate(resolve));
      } finally {
        process.off('unhandledRejection', listen);
      }
      assert.deepEqual(unhandled, []);
    });
  });
}

/** Copies the core, as a second installation of it would be, and returns the URL of its entry. */
async function copyOfCore(folder: string): Promise<string> {
  const dist = dirname(createRequire(import.meta.url).resolve('@pool/core'));
  const copy = join(folder, 'core');
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  for (const file of await readdir(dist, { recursive: true })) {
    if (!file.endsWith('.js')) continue;
    await mkdir(dirname(join(copy, file)), { recursive: true });
    const code = await readFile(join(dist, file), 'utf8');
    await writeFile(join(copy, file), code.replace(/^\/\/# sourceMappingURL=.*$/m, ''));
  }
  return pathToFileURL(join(copy, 'index.js')).href;
}
