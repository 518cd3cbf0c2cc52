import { describe, expect, test } from 'vitest';
import { python } from '../src/python.js';
import { startRabbitmq } from '../src/rabbitmq.js';
import { run } from '../src/run.js';
import { startSqs } from '../src/sqs.js';
import { startZookeeper } from '../src/zookeeper.js';
import { ask } from './ask.js';
import { isRunning } from './processes.js';

describe('a RabbitMQ server', () => {
  test('serves, survives a crash on the same port, and ends', async () => {
    const rabbitmq = await startRabbitmq();
    const { port, pid } = rabbitmq;
    expect(rabbitmq.url).toBe(`amqp://guest:guest@127.0.0.1:${port}//`);
    const hello = () => ask(port, 'AMQP\0\0\x09\x01');
    expect((await hello()).toString('latin1')).toContain('RabbitMQ');
    await rabbitmq.kill();
    expect(isRunning(pid)).toBe(false);
    await rabbitmq.restart();
    expect((await hello()).toString('latin1')).toContain('RabbitMQ');
    await rabbitmq.stop();
    await expect(hello()).rejects.toThrow('ECONNREFUSED');
  });
});

describe('a ZooKeeper server', () => {
  test('serves, survives a crash on the same port, and ends', async () => {
    const zookeeper = await startZookeeper();
    const { port, pid } = zookeeper;
    expect(String(await ask(port, 'ruok'))).toBe('imok');
    await zookeeper.kill();
    expect(isRunning(pid)).toBe(false);
    await zookeeper.restart();
    expect(String(await ask(port, 'ruok'))).toBe('imok');
    await zookeeper.stop();
    await expect(ask(port, 'ruok')).rejects.toThrow('ECONNREFUSED');
  });
});

describe('an SQS emulator', () => {
  test('serves on the same port after a restart', async () => {
    await using sqs = await startSqs();
    sqs.emulator.createQueue('jobs');
    const list = () => fetch(`${sqs.endpoint}/?Action=ListQueues`, { method: 'POST' });
    expect((await list()).status).toBeLessThan(500);
    await sqs.kill();
    await expect(list()).rejects.toThrow();
    await sqs.restart();
    expect((await list()).status).toBeLessThan(500);
  });
});

describe('python()', () => {
  test('gives an interpreter that imports Celery', async () => {
    const file = await python();
    expect(await run(file, ['-c', 'import celery; print(celery.__version__)'])).toMatch(/^\d+\.\d+/);
  });

  test('never takes one that cannot import what is asked for', async () => {
    process.env['POOL_SERVERS_INSTALL'] = 'never';
    try {
      await expect(python(['no_such_module_anywhere'])).rejects.toMatchObject({ code: 'ERR_SERVER_MISSING' });
    } finally {
      delete process.env['POOL_SERVERS_INSTALL'];
    }
  });
});
