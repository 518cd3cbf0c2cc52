import { endClient, Script } from '@pool/redis';
import { requireServer } from '@pool/servers/vitest';
import { rejection } from '@pool/servers/waiting';
import { type Command, Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';

const redis = await requireServer('redis');
const echo = new Script('return { KEYS[1], ARGV[1], #KEYS, #ARGV }');

async function client(keyPrefix?: string): Promise<Redis> {
  const made = new Redis(redis.url, { lazyConnect: true, protocol: 2, ...(keyPrefix ? { keyPrefix } : {}) });
  onTestFinished(() => endClient(made));
  await made.connect();
  return made;
}

async function calls(command: string): Promise<number> {
  const stats = await redis.command('INFO', 'commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

test('a script is sent whole once to each connection, and again when the server has forgotten it', async () => {
  const before = await calls('eval');
  for (const connection of [await client(), await client()]) {
    expect(await echo.run(connection, ['a'], [Buffer.from('ü')])).toEqual(['a', 'ü', 1, 1]);
    expect(await Promise.all([echo.run(connection, ['b'], [1]), echo.run(connection, ['c'], [2])])).toEqual([
      ['b', '1', 1, 1],
      ['c', '2', 1, 1],
    ]);
  }
  expect((await calls('eval')) - before).toBe(2);
  const connection = await client();
  await echo.run(connection, ['a'], []);
  await connection.script('FLUSH');
  expect(await echo.run(connection, ['a'], ['again'])).toEqual(['a', 'again', 1, 1]);
});

test('keys get the prefix of the client, and a script may fail', async () => {
  const connection = await client('mine:');
  expect(await echo.run(connection, ['a'], [])).toEqual(['mine:a']);
  const failing = new Script("return redis.error_reply('NO not so')");
  expect((await rejection(failing.run(connection, [], []))).message).toBe('NO not so');
});

test('nothing is left of what a call carried', async () => {
  const connection = await client();
  const sent: Command[] = [];
  const { sendCommand } = connection;
  connection.sendCommand = function (this: Redis, command: Command) {
    sent.push(command);
    return sendCommand.call(this, command);
  };
  await echo.run(connection, ['key'], ['a result']);
  expect(sent.map(({ args }) => args)).toEqual([[]]);
});
