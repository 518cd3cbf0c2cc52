import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { startRedis } from '../src/redis.js';
import { ask } from './ask.js';
import { isRunning } from './processes.js';

describe('a Redis server', () => {
  test('serves on its own port until it is stopped', async () => {
    const redis = await startRedis();
    const { pid, port, socketPath } = redis;
    expect(redis.url).toBe(`redis://127.0.0.1:${port}/0`);
    expect((await ask(port, 'PING\r\n')).toString()).toBe('+PONG\r\n');
    expect(await redis.command('INFO', 'server')).toContain(`process_id:${pid}`);
    await redis.stop();
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(dirname(socketPath))).toBe(false);
    await expect(ask(port, 'PING\r\n')).rejects.toThrow('ECONNREFUSED');
  });

  test('keeps its port and, when persistent, its data over a crash', async () => {
    await using redis = await startRedis({ persistent: true });
    const { port, pid } = redis;
    await redis.command('SET', 'k', 'v');
    await redis.kill();
    expect(redis.running).toBe(false);
    expect(isRunning(pid)).toBe(false);
    await redis.restart();
    expect(redis.port).toBe(port);
    expect(await redis.command('GET', 'k')).toBe('v');
  });

  test('answers nothing while it is paused', async () => {
    await using redis = await startRedis();
    const socket = connect(redis.port, redis.host);
    await once(socket, 'connect');
    await redis.pause();
    expect(readFileSync(`/proc/${redis.pid}/stat`, 'utf8')).toContain(') T ');
    const answer = once(socket, 'data');
    socket.write('PING\r\n');
    redis.resume();
    expect(String((await answer)[0])).toBe('+PONG\r\n');
    socket.destroy();
  });

  test('can be stopped while it is paused', async () => {
    const redis = await startRedis();
    const { pid } = redis;
    await redis.pause();
    await redis.stop();
    expect(isRunning(pid)).toBe(false);
  });

  test('listens on a unix socket', async () => {
    await using redis = await startRedis();
    const socket = connect(redis.socketPath);
    socket.write('PING\r\n');
    expect(String((await once(socket, 'data'))[0])).toBe('+PONG\r\n');
    socket.destroy();
  });

  test('asks for passwords of users', async () => {
    await using redis = await startRedis({
      password: 'a b',
      users: [{ name: 'reader', password: 'p@ss', rules: '~jobs:* +get' }],
    });
    expect((await ask(redis.port, 'GET jobs:1\r\n')).toString()).toContain('NOAUTH');
    expect(await redis.command('GET', 'other')).toBe('');
    expect((await ask(redis.port, 'AUTH reader p@ss\r\nGET jobs:1\r\n')).toString()).toContain('+OK');
    expect(redis.url).toContain('redis://:a%20b@');
    expect(redis.urlFor('reader', 'p@ss')).toContain('redis://reader:p%40ss@');
    expect(await redis.command('ACL', 'LIST')).toMatch(/user reader on .* ~jobs:\* .*\+get/);
  });

  test('speaks TLS with a certificate that its authority vouches for', async () => {
    await using redis = await startRedis({ tls: true });
    expect(redis.url).toMatch(/^rediss:/);
    const socket = connectTls({ host: redis.host, port: redis.port, ca: readFileSync(redis.tls?.ca ?? '') });
    await once(socket, 'secureConnect');
    expect(socket.authorized).toBe(true);
    socket.write('PING\r\n');
    expect(String((await once(socket, 'data'))[0])).toBe('+PONG\r\n');
    socket.destroy();
    expect(await redis.command('PING')).toBe('PONG');
  });

  test('says why it did not start', async () => {
    await expect(startRedis({ args: ['--no-such-option', '1'] })).rejects.toThrow(
      /did not start.*no-such-option/s,
    );
  });

  test('takes another port when somebody has taken the first', async () => {
    await using first = await startRedis();
    await expect(startRedis({ port: first.port })).rejects.toThrow('Address already in use');
  });
});
