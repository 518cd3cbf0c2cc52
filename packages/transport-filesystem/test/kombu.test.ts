import { randomUUID } from 'node:crypto';
import { open as openFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFolder, message, open, send, take, textOf, until } from './support/folder.js';

/** What kombu writes for a task. */
const envelope = JSON.stringify({
  body: Buffer.from('[[2, 3], {}, {}]').toString('base64'),
  'content-encoding': 'utf-8',
  'content-type': 'application/json',
  headers: { lang: 'py', task: 'demo.add', id: 'c4a5' },
  properties: {
    correlation_id: 'c4a5',
    reply_to: 'r',
    delivery_mode: 2,
    delivery_info: { exchange: '', routing_key: 'celery' },
    priority: 0,
    body_encoding: 'base64',
    delivery_tag: randomUUID(),
  },
});
const kombuName = (queue: string): string => `${Math.round(performance.now())}_${randomUUID()}.${queue}.msg`;

describe('a folder that is shared with kombu', () => {
  it('gives messages that kombu wrote', async () => {
    const folder = await createFolder();
    await writeFile(join(folder, kombuName('celery')), envelope);
    const transport = await open(folder);
    const [delivery] = await take(transport, 'celery', 1);
    expect(delivery && textOf(delivery)).toBe('[[2, 3], {}, {}]');
    expect(delivery?.message.headers).toMatchObject({ task: 'demo.add', id: 'c4a5' });
    expect(delivery).toMatchObject({ queue: 'celery', routingKey: 'celery', redelivered: false });
  });

  it('waits for what kombu is still writing', async () => {
    const folder = await createFolder();
    const transport = await open(folder);
    const taken = take(transport, 'celery', 1);
    const file = await openFile(join(folder, kombuName('celery')), 'w');
    await file.write(envelope.slice(0, 100));
    await until(async () => (await transport.queueSize('celery')) <= 1, 'the file is seen');
    await file.write(envelope.slice(100));
    await file.close();
    const [delivery] = await taken;
    expect(delivery && textOf(delivery)).toBe('[[2, 3], {}, {}]');
    expect(delivery?.redelivered).toBe(false);
    expect(transport.stats.setAside).toBe(0);
  });

  it('has messages that kombu can read, under names that it finds', async () => {
    const folder = await createFolder();
    const transport = await open(folder);
    await send(transport, 'celery', ['hello']);
    const [name] = (await readdir(folder)).filter((entry) => entry.includes('.celery.msg'));
    expect(name).toMatch(/^\d+_[0-9a-f-]{36}\.celery\.msg$/);
    const wire = JSON.parse(await readFile(join(folder, name as string), 'utf8'));
    expect(Buffer.from(wire.body, 'base64').toString()).toBe('hello');
    expect(wire).toMatchObject({ 'content-type': 'text/plain', 'content-encoding': 'utf-8', headers: {} });
    expect(wire.properties).toMatchObject({
      delivery_mode: 2,
      priority: 0,
      body_encoding: 'base64',
      delivery_info: { exchange: '', routing_key: 'celery' },
    });
    expect(wire.properties.delivery_tag).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('has bindings in the form of kombu, newest first, and reads those of kombu', async () => {
    const folder = await createFolder();
    const transport = await open(folder);
    await transport.declareExchange({ name: 'celeryev', type: 'topic' });
    await transport.bindQueue({ exchange: 'celeryev', queue: 'one', routingKey: 'worker.#' });
    await transport.bindQueue({ exchange: 'celeryev', queue: 'two', routingKey: '*.done' });
    const file = join(folder, 'control', 'celeryev.exchange');
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual([
      ['*.done', '^.*?[^\\.]\\.done$', 'two'],
      ['worker.#', '^worker\\..*?$', 'one'],
    ]);
    await writeFile(file, JSON.stringify([['task.#', '^task\\..*?$', 'python']]));
    await transport.publish(message('x'), {
      exchange: 'celeryev',
      routingKey: 'task.received',
      mandatory: true,
    });
    expect(await transport.queueSize('python')).toBe(1);
  });

  it('may be two folders, one for each direction', async () => {
    const [here, there, control] = [await createFolder(), await createFolder(), await createFolder()];
    const options = { controlFolder: control };
    const one = await open(here, { ...options, dataFolderIn: here, dataFolderOut: there });
    const two = await open(there, { ...options, dataFolderIn: there, dataFolderOut: here });
    await send(one, 'q', ['to two']);
    await send(two, 'q', ['to one']);
    expect((await take(one, 'q', 1)).map(textOf)).toEqual(['to one']);
    expect((await take(two, 'q', 1)).map(textOf)).toEqual(['to two']);
  });
});
