import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { requireServer } from '../src/vitest.js';
import { ask } from './ask.js';

const redis = await requireServer('redis', { password: 'secret' });

describe('requireServer', () => {
  test('gives a running server with the options asked for', async () => {
    expect(String(await ask(redis.port, 'AUTH secret\r\n'))).toBe('+OK\r\n');
  });
});

describe('requireServer, when a server is missing', () => {
  let folder: string;
  beforeEach(() => {
    // Inside the package, so that the file finds vitest and this package.
    const modules = join(import.meta.dirname, '..', 'node_modules');
    mkdirSync(modules, { recursive: true });
    folder = mkdtempSync(join(modules, '.missing-'));
    writeFileSync(join(folder, 'vitest.config.js'), 'export default {};\n');
    writeFileSync(
      join(folder, 'needs-redis.test.js'),
      `import { requireServer } from '@pool/servers/vitest';
       import { beforeAll, describe, expect, test } from 'vitest';
       const redis = await requireServer('redis');
       test('at the top', () => expect(redis.url).toBe('never'));
       describe('inside', () => {
         beforeAll(() => redis.url);
         test('a suite', () => expect(redis.url).toBe('never'));
       });`,
    );
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function runVitest(env: Record<string, string>) {
    const vitest = join(import.meta.dirname, '../../../node_modules/vitest/vitest.mjs');
    const { CI: _, ...inherited } = process.env;
    const run = spawnSync(process.execPath, [vitest, 'run', '--reporter=json', '--root', folder], {
      cwd: folder,
      encoding: 'utf8',
      // A PATH with nothing in it: no Redis, and nothing to install it with is allowed.
      env: { ...inherited, PATH: folder, POOL_SERVERS_INSTALL: 'never', ...env },
    });
    return { status: run.status, report: JSON.parse(run.stdout), errors: run.stderr };
  }

  test('skips all tests of the file and says why', () => {
    const { status, report, errors } = runVitest({});
    expect(status).toBe(0);
    expect(report).toMatchObject({ numTotalTests: 2, numPassedTests: 0, numFailedTests: 0 });
    expect(errors).toContain('SKIPPED, for want of redis: redis-server is not on this machine');
  });

  test('fails the file in CI', () => {
    const { status, report } = runVitest({ CI: 'true' });
    expect(status).toBe(1);
    expect(report.testResults[0].message).toContain('redis-server is not on this machine');
  });
});
