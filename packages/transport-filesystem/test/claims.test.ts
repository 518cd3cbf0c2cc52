import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Claims } from '../src/disk/claims.js';
import { FolderWatch } from '../src/disk/folder-watch.js';
import { SpareFiles } from '../src/disk/spare-files.js';
import { createClaimer, ownIdentity } from '../src/process-identity.js';
import { createFolder, message, open, send, take, textOf, until } from './support/folder.js';

const messagesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith('.msg')).sort();

/** Puts all that waits into the hands of somebody else. */
async function claimAs(folder: string, claimer: string): Promise<string> {
  const claims = join(folder, '.claimed', claimer);
  await mkdir(claims, { recursive: true });
  for (const name of await messagesIn(folder)) await rename(join(folder, name), join(claims, name));
  return claims;
}

describe('claims', () => {
  it('of a process whose id another process has got come back at once', async () => {
    const folder = await createFolder();
    const transport = await open(folder, { restoreInterval: 0.02 });
    await send(transport, 'q', ['a', 'b']);
    const { scope } = ownIdentity();
    const claims = await claimAs(folder, `${scope}~${process.ppid}~12345~abcd`);
    const taken = await take(transport, 'q', 2);
    expect(taken.map(textOf)).toEqual(['a', 'b']);
    expect(taken.map(({ deliveryCount }) => deliveryCount)).toEqual([1, 1]);
    expect(transport.stats.restored).toBe(2);
    await until(() => !existsSync(claims), 'the folder of the dead goes');
  });

  it('of a live process are left alone, however silent it is', async () => {
    const folder = await createFolder();
    const transport = await open(folder, { restoreInterval: 0.01, lease: 0.05 });
    await send(transport, 'q', ['a']);
    const claims = await claimAs(folder, createClaimer());
    await utimes(claims, 1, 1);
    const other = await open(folder, { restoreInterval: 0.01, lease: 0.05 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await messagesIn(claims)).toHaveLength(1);
    expect([transport.stats.restored, other.stats.restored]).toEqual([0, 0]);
  });

  it('of a process elsewhere come back when it has been silent for the length of a lease', async () => {
    const folder = await createFolder();
    await send(await open(folder), 'q', ['a']);
    const theirs = await claimAs(folder, 'another-host~1~1~abcd');
    const claims = new Claims(folder, createClaimer(), 0.1, new SpareFiles(join(folder, '.spare'), 0));
    claims.open();
    for (let round = 1; round <= 10; round++) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      await utimes(theirs, round, round);
      expect(claims.restore()).toBe(0);
    }
    // One look after a long pause proves nothing: this process may have been the one that slept.
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(claims.restore()).toBe(0);
    await until(() => claims.restore() === 1, 'the silence is long enough');
    expect(await messagesIn(folder)).toEqual([expect.stringMatching(/_r1\.q\.msg$/)]);
    expect(existsSync(theirs)).toBe(false);
    claims.close();
  });

  it('that were taken away are stale when settled', async () => {
    const folder = await createFolder();
    const [transport, other] = [await open(folder), await open(folder)];
    await send(transport, 'q', ['a']);
    const [held] = await take(transport, 'q', 1, () => {});
    const [claimer] = (await readdir(join(folder, '.claimed'))).filter((name) =>
      existsSync(join(folder, '.claimed', name, String(held?.tag))),
    );
    await rename(
      join(folder, '.claimed', claimer as string, String(held?.tag)),
      join(folder, String(held?.tag)),
    );
    expect((await take(other, 'q', 1)).map(textOf)).toEqual(['a']);
    held?.ack();
    await transport.flush();
    expect(transport.stats).toMatchObject({ acked: 0, stale: 1 });
  });
});

describe('a broker folder', () => {
  it('that is deleted under a running transport is made again', async () => {
    const folder = await createFolder();
    const transport = await open(folder, { reconnect: { initial: 0.01 }, pollInterval: 0.02 });
    await send(transport, 'q', ['gone']);
    await rm(folder, { recursive: true });
    await send(transport, 'q', ['there']).catch(() => send(transport, 'q', ['there']));
    expect((await take(transport, 'q', 1)).map(textOf)).toEqual(['there']);
  });

  it('that cannot be used is a clear error', async () => {
    const folder = await createFolder();
    await send(await open(folder), 'q', ['a']);
    const [file] = await messagesIn(folder);
    await expect(open(join(folder, file as string))).rejects.toMatchObject({
      code: 'ERR_POOL_CONNECTION',
      message: expect.stringContaining('cannot use the folder'),
    });
    await expect(open('')).rejects.toMatchObject({ code: 'ERR_POOL_BROKER_URL' });
  });

  it('refuses a queue whose name does not fit a file', async () => {
    const transport = await open(await createFolder());
    await expect(transport.declareQueue({ name: 'q'.repeat(300) })).rejects.toThrow(TypeError);
  });

  it('keeps acked messages where that is asked', async () => {
    const folder = await createFolder();
    const transport = await open(folder, { storeProcessed: true });
    await send(transport, 'q', ['a']);
    await take(transport, 'q', 1);
    const [kept] = await messagesIn(join(folder, 'processed'));
    const wire = JSON.parse(await readFile(join(folder, 'processed', kept as string), 'utf8'));
    expect(Buffer.from(wire.body, 'base64').toString()).toBe('a');
  });

  it('flushes to the device where that is asked', async () => {
    const transport = await open(await createFolder(), { fsync: true });
    await send(transport, 'q', ['a', 'b']);
    expect((await take(transport, 'q', 2)).map(textOf)).toEqual(['a', 'b']);
  });

  it('keeps no more set-aside messages than allowed', async () => {
    const folder = await createFolder();
    const transport = await open(folder, { maxSetAside: 2 });
    await send(transport, 'q', ['a', 'b', 'c']);
    const held = await take(transport, 'q', 3, () => {});
    for (const delivery of held) await transport.setAside(delivery, 'bad');
    const rejected = await readdir(join(folder, 'rejected'));
    expect(rejected.filter((name) => name.endsWith('.msg'))).toHaveLength(2);
    expect(rejected.filter((name) => name.endsWith('.reason.json'))).toHaveLength(2);
  });

  it('writes spent files again, and nothing of the old is left in the new', async () => {
    const folder = await createFolder();
    const transport = await open(folder, { maxSpareFiles: 3 });
    await send(transport, 'q', ['long '.repeat(100), 'long '.repeat(100), 'a', 'b', 'x'.repeat(10_000)]);
    await take(transport, 'q', 5);
    expect(await messagesIn(join(folder, '.spare'))).toHaveLength(3);
    await until(async () => {
      await send(transport, 'q', ['short']);
      return (await messagesIn(join(folder, '.spare'))).length === 0;
    }, 'the spare files are used');
    const count = await transport.queueSize('q');
    expect(new Set((await take(transport, 'q', count)).map(textOf))).toEqual(new Set(['short']));
  });

  it('keeps an expiring queue while one of those that declared it is there', async () => {
    const folder = await createFolder();
    const options = { restoreInterval: 0.02 };
    const [one, two, other] = [
      await open(folder, options),
      await open(folder, options),
      await open(folder, options),
    ];
    for (const transport of [one, two]) await transport.declareQueue({ name: 'shared', expires: 0.05 });
    await send(other, 'shared', ['a']);
    await two.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await other.queueSize('shared')).toBe(1);
    await one.close();
    await until(async () => (await other.queueSize('shared')) === 0, 'the queue expires');
  });

  it('that cannot be watched is polled', async () => {
    const watch = new FolderWatch(join(await createFolder(), 'missing'), () => {});
    expect(watch.start()).toBe(false);
    expect(watch.complete).toBe(false);
    expect(watch.start()).toBe(false);
  });

  it('forgets the queues of those that are gone, with their bindings and messages', async () => {
    const folder = await createFolder();
    const [owner, other] = [await open(folder), await open(folder, { restoreInterval: 0.02 })];
    await other.declareExchange({ name: 'news', type: 'fanout' });
    await owner.declareExchange({ name: 'news', type: 'fanout' });
    for (const transport of [owner, other]) {
      const { name } = await transport.declareQueue({ name: '', exclusive: true });
      await transport.bindQueue({ exchange: 'news', queue: name });
    }
    await other.publish(message('x'), { exchange: 'news', routingKey: '' });
    expect(await messagesIn(folder)).toHaveLength(2);
    await owner.close();
    await until(async () => (await messagesIn(folder)).length === 1, 'the queue is forgotten');
    const bindings = JSON.parse(await readFile(join(folder, 'control', 'news.exchange'), 'utf8'));
    expect(bindings).toHaveLength(1);
  });
});
