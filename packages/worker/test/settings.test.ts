import { App } from '@pool/app';
import { Worker, WorkerConfigError } from '@pool/worker';
import { describe, expect, test } from 'vitest';
import { environmentName, settingsFromEnvironment } from '../src/config/environment.js';
import { resolveSettings } from '../src/config/resolve-settings.js';

describe('settings of a worker', () => {
  test('come from several places, of which the last decides', () => {
    const settings = resolveSettings([
      { from: 'the app', settings: { concurrency: 1, prefetchMultiplier: 1, pool: 'solo' } },
      settingsFromEnvironment({ POOL_WORKER_CONCURRENCY: '2', POOL_WORKER_QUEUES: 'a, b' }),
      { from: 'the command line', settings: { concurrency: 3, pool: undefined } },
    ]);
    expect(settings).toMatchObject({
      concurrency: 3,
      prefetchMultiplier: 1,
      pool: 'solo',
      queues: ['a', 'b'],
    });
    expect(environmentName('maxTasksPerChild')).toBe('POOL_WORKER_MAX_TASKS_PER_CHILD');
  });

  test('that are unknown or wrong are all named, with their source and the nearest name', () => {
    const wrong = (): unknown =>
      resolveSettings([
        { from: 'pool.config.js', settings: { worker_prefetch_multiplier: 1, healthPort: 70_000 } },
        { from: 'the environment', settings: { rateLimits: { 'demo.add': 'fast' } } },
      ]);
    expect(wrong).toThrow(WorkerConfigError);
    expect(wrong).toThrow('did you mean prefetchMultiplier?');
    expect(wrong).toThrow('healthPort (from pool.config.js)');
    expect(wrong).toThrow("rateLimits.demo.add (from the environment): a rate limit is a number or '10/s'");
  });

  test.each([['8,2'], ['2,8'], [[8, 2]], [{ max: 8, min: 2 }]])('take autoscale as %j', (autoscale) => {
    expect(resolveSettings([{ from: 'here', settings: { autoscale } }]).autoscale).toEqual({
      max: 8,
      min: 2,
    });
  });

  test.each([
    [{ concurrency: 0 }, 'concurrency (from here): must be a whole number, 1 or more, not 0'],
    [{ concurrency: '2' }, 'concurrency (from here): must be a whole number, 1 or more, not "2"'],
    [{ healthPort: 65_536 }, 'must be a whole number, 0 to 65535, not 65536'],
    [{ timeLimit: 0 }, 'must be a number of seconds above 0, not 0'],
    [{ flushTimeout: Number.NaN }, 'must be a number of seconds above 0, not NaN'],
    [{ shutdownTimeout: -1 }, 'must be a number of seconds, 0 or more, not -1'],
    [{ queues: ['a', ''] }, 'queues.1 (from here): must be a text that is not empty, not ""'],
    [{ queues: 'a' }, 'must be a list, not "a"'],
    [{ poolOptions: [] }, 'must be an object, not an array'],
    [{ logFormat: 'xml' }, 'must be one of auto, pretty, json, not "xml"'],
    [{ disablePrefetch: null }, 'must be true or false, not null'],
    [{ autoscale: '0,0' }, 'autoscale (from here): must allow at least 1'],
    [{ autoscale: { min: 3 } }, "must be 'max,min', [max, min] or { max, min }, whole numbers"],
    [{ autoscale: [8, 2, 1] }, "must be 'max,min', [max, min] or { max, min }, whole numbers"],
    [{ autoscalePolicy: 'fast' }, 'must be a function'],
    [{ rateLimits: { a: null } }, 'rateLimits.a (from here): must be a text or a number'],
  ])('that are wrong say what they must be: %j', (settings, message) => {
    expect(() => resolveSettings([{ from: 'here', settings }])).toThrow(message);
  });

  test('of a pool that lacks what they need stop the worker before it connects', async () => {
    const app = new App('demo', { broker: 'memory://never' });
    const worker = new Worker(app, { pool: 'solo', autoscale: '4,1', logLevel: 'silent' });
    await expect(worker.start()).rejects.toThrow(
      'autoscale cannot be kept: SoloPool does not support resize',
    );
    const children = new Worker(app, { pool: 'prefork', logLevel: 'silent' });
    await expect(children.start()).rejects.toThrow('appModule: import.meta.url');
    await app.close();
  });
});
