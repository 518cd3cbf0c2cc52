import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTransport, transportPackageFor } from '@pool/transport';
import { afterEach, describe, expect, it } from 'vitest';
import { FlakyTransport } from './support/flaky-transport.js';

const folders: string[] = [];

afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

async function projectWith(name: string, source: string): Promise<string> {
  const project = await mkdtemp(join(tmpdir(), 'pool-load-'));
  folders.push(project);
  const folder = join(project, 'node_modules', name);
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name, type: 'module', exports: './index.js' }),
  );
  await writeFile(join(folder, 'index.js'), source);
  return project;
}

describe('the package of a transport', () => {
  it.each([
    ['memory://', '@pool/transport-memory'],
    ['filesystem://x', '@pool/transport-filesystem'],
    ['redis://h', '@pool/transport-redis'],
    ['rediss://h', '@pool/transport-redis'],
    ['redis+socket:///x', '@pool/transport-redis'],
    ['sentinel://a;b', '@pool/transport-redis'],
    ['amqp://h', '@pool/transport-amqp'],
    ['amqps://h', '@pool/transport-amqp'],
    ['sqs://', '@pool/transport-sqs'],
    ['zookeeper://h', '@pool/transport-zookeeper'],
    ['nats://h', 'pool-transport-nats'],
    ['nats+tls://h', 'pool-transport-nats-tls'],
  ])('of %s is %s', (url, name) => {
    expect(transportPackageFor(url)).toBe(name);
  });

  it('can be named for a scheme', () => {
    expect(transportPackageFor('nats://h', { nats: '@acme/nats' })).toBe('@acme/nats');
    expect(transportPackageFor('redis://h', { redis: '@acme/redis' })).toBe('@acme/redis');
  });

  it('is imported, and its factory gets all URLs and the options', async () => {
    const given: unknown[] = [];
    const transport = await loadTransport('nats://a;b', {
      options: { connectTimeout: 3 },
      import: async (name) => ({
        default: (...args: unknown[]) => {
          given.push(name, ...args.map(String));
          return new FlakyTransport(args[0] as never);
        },
      }),
    });
    expect(transport).toBeInstanceOf(FlakyTransport);
    expect(given).toEqual(['pool-transport-nats', 'nats://a,nats://b', '[object Object]']);
  });

  it('is looked for in the project of the user', async () => {
    const source = 'export const createTransport = (urls, options) => ({ urls, options, made: true });';
    const project = await projectWith('pool-transport-nats', source);
    for (const from of [project, join(project, 'tasks.ts')]) {
      expect(await loadTransport('nats://h', { from })).toMatchObject({ made: true });
    }
  });

  it('that is missing is an error that says what to install', async () => {
    const loading = loadTransport('nats://user:secret@h', { from: tmpdir() });
    await expect(loading).rejects.toMatchObject({
      code: 'ERR_POOL_TRANSPORT_NOT_FOUND',
      package: 'pool-transport-nats',
      message: 'no transport for nats: is installed; run: npm install pool-transport-nats',
    });
  });

  it('that is broken keeps its own error', async () => {
    const project = await projectWith('pool-transport-nats', "import 'is-not-there';");
    await expect(loadTransport('nats://h', { from: project })).rejects.toMatchObject({
      code: 'ERR_MODULE_NOT_FOUND',
    });
    const bare = await projectWith('pool-transport-nats', 'export const something = 1;');
    await expect(loadTransport('nats://h', { from: bare })).rejects.toThrow('is not a transport');
  });
});
