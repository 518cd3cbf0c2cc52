import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pack } from '@pool/checks/tarball';
import { readWorkspace } from '@pool/checks/workspace';
import { requireServer } from '@pool/servers/vitest';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

const redis = await requireServer('redis');

const NAMED = ['@pool/worker', '@pool/prefork', '@pool/transport-redis'];
/** What those three need, by their manifests. */
const NEEDED = [
  '@pool/app',
  '@pool/core',
  '@pool/message',
  '@pool/redis',
  '@pool/results',
  '@pool/transport',
];

const TASKS = `
  import { App } from '@pool/app';
  export const app = new App('shop', { broker: process.env.BROKER });
  export const greet = app.task('shop.greet', (name) => console.log('hello ' + name));
`;

/** @type {string} */
let project;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'pool-worker-'));
  const workspace = readWorkspace();
  /** @param {readonly string[]} names */
  const tarballs = (names) =>
    Object.fromEntries(
      names.map((name) => [name, `file:${pack(workspace.get(name)?.folder ?? '', project).file}`]),
    );
  // Until they are published, what the three depend on are tarballs too.
  const manifest = { private: true, dependencies: tarballs(NAMED), overrides: tarballs(NEEDED) };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(project, 'tasks.mjs'), TASKS);
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['install', ...options], { cwd: project, encoding: 'utf8' });
}, 240_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

const environment = () => ({ ...process.env, BROKER: redis.url });
const command = () => join(project, 'node_modules/.bin/pool');

describe('npm i @pool/worker @pool/prefork @pool/transport-redis', { timeout: 120_000 }, () => {
  test('brings what these need of ours and nothing else', () => {
    const installed = readdirSync(join(project, 'node_modules/@pool')).map((name) => `@pool/${name}`);
    expect(installed.sort()).toEqual([...NAMED, ...NEEDED].sort());
  });

  test('runs tasks sent through Redis, in child processes', async () => {
    const worker = spawn(command(), ['worker', '-A', './tasks.mjs', '-c', '1', '--log-format', 'json'], {
      cwd: project,
      env: environment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    onTestFinished(() => void worker.kill('SIGKILL'));
    const exited = once(worker, 'exit');
    const call = spawnSync(command(), ['call', '-A', './tasks.mjs', 'shop.greet', '-a', '["Ada"]'], {
      cwd: project,
      env: environment(),
      encoding: 'utf8',
    });
    expect(call.status, call.stderr).toBe(0);
    const id = call.stdout.trim();
    for await (const line of createInterface({ input: worker.stderr })) {
      const { msg, taskId } = JSON.parse(line);
      if (msg === 'hello Ada' && taskId === id) break;
    }
    worker.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });

  test.each([
    ['a pool', ['--pool', 'threads'], 'npm install @pool/threads'],
    ['a broker', ['--broker', 'amqp://localhost'], 'npm install @pool/transport-amqp'],
    ['a result store', ['--result-backend', 'redis://localhost'], 'npm install @pool/results-redis'],
  ])('without %s, says in one line what to install', (_, options, hint) => {
    const { status, stderr } = spawnSync(command(), ['worker', '-A', './tasks.mjs', ...options], {
      cwd: project,
      env: environment(),
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain(hint);
    expect(stderr.trimEnd().split('\\n')).toHaveLength(1);
  });
});
