import type { OutgoingTask } from '@pool/app';
import { App } from '@pool/app';
import { decodeTaskMessage } from '@pool/message';
import { InvalidBrokerUrlError } from '@pool/transport';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Demo, demo } from './support/demo-app.js';

let scene: Demo;
let sent: OutgoingTask[];
beforeEach(async () => {
  scene = await demo({}, []);
  sent = [];
  scene.app.on('afterTaskPublish', (task) => sent.push(task));
});
afterEach(() => scene[Symbol.asyncDispose]());

function headersOf(task: OutgoingTask | undefined) {
  if (!task) throw new Error('nothing was sent');
  return decodeTaskMessage(task.message).headers;
}

describe('a message', () => {
  it('carries what the call says', async () => {
    const { add } = scene;
    const eta = new Date(Date.now() + 60_000);
    const result = await add.applyAsync([2], {
      kwargs: { y: 3 },
      eta,
      expires: 120,
      priority: 4,
      taskId: 'my-id',
      timeLimit: 20,
      softTimeLimit: 10,
      ignoreResult: true,
      headers: { tenant: 'acme' },
      shadow: 'shown',
      rootId: 'root',
      parentId: 'parent',
      persistent: false,
    });
    expect(result.id).toBe('my-id');
    const [task] = sent;
    const { headers, args, kwargs } = decodeTaskMessage((task as OutgoingTask).message);
    expect([args, kwargs]).toEqual([[2], { y: 3 }]);
    expect(headers).toMatchObject({
      id: 'my-id',
      task: 'demo.add',
      eta,
      timelimit: [20, 10],
      ignoreResult: true,
      shadow: 'shown',
      rootId: 'root',
      parentId: 'parent',
    });
    const lasting = (headers.expires?.getTime() ?? 0) - Date.now();
    expect(lasting).toBeGreaterThan(60_000);
    expect(lasting).toBeLessThanOrEqual(120_000);
    expect(task?.message.headers['tenant']).toBe('acme');
    expect(task?.message.properties).toMatchObject({ priority: 4, deliveryMode: 1 });
    expect(task?.destination).toEqual({ exchange: '', routingKey: 'celery', priority: 4 });
  });

  it('waits for its countdown, in seconds', async () => {
    const before = Date.now();
    await scene.add.applyAsync([1, 2], { countdown: 1.5 });
    const eta = headersOf(sent[0]).eta?.getTime() ?? 0;
    expect(eta).toBeGreaterThanOrEqual(before + 1500);
    expect(eta).toBeLessThanOrEqual(Date.now() + 1500);
  });

  it('takes the options of its task, then of its route, then of the app', async () => {
    const app = new App('demo', {
      broker: 'memory://options',
      taskDefaultPriority: 1,
      taskRoutes: { 'demo.*': { queue: 'routed', priority: 2 } },
    });
    app.on('afterTaskPublish', (task) => sent.push(task));
    const plain = app.task('other', () => 1);
    const routed = app.task('demo.routed', () => 1);
    const own = app.task(
      'demo.own',
      { priority: 3, queue: 'own', ignoreResult: true, timeLimit: 7 },
      () => 1,
    );
    for (const task of [plain, routed, own]) await task.delay();
    await own.applyAsync([], { queue: 'said', priority: 4, timeLimit: 8 });
    expect(sent.map(({ destination }) => [destination.routingKey, destination.priority])).toEqual([
      ['celery', 1],
      ['routed', 2],
      ['own', 3],
      ['said', 4],
    ]);
    expect(sent.map((task) => headersOf(task).timelimit[0])).toEqual([null, null, 7, 8]);
    expect(headersOf(sent[2]).ignoreResult).toBe(true);
    await app.close();
  });

  it.each([
    [{ countdown: 1, eta: new Date() }, 'give countdown or eta, not both'],
    [{ countdown: '1' }, 'countdown must be a number of seconds'],
    [{ eta: '2026-01-01' }, 'eta must be a Date'],
    [{ eta: new Date(Number.NaN) }, 'must be valid dates'],
    [{ priority: 99, queue: 'celery', timeLimit: Number.NaN }, 'timeLimit must be a number of seconds'],
    [{ headers: { task: 'other' } }, 'belongs to the task protocol'],
  ])('with the options %j is refused', async (options, message) => {
    await expect(scene.add.applyAsync([1, 2], options as never)).rejects.toThrow(message);
    expect(sent).toEqual([]);
  });

  it('with arguments that do not fit is refused where it is sent', async () => {
    await expect(scene.add.applyAsync([1], { kwargs: { z: 1 } })).rejects.toThrow(
      "demo.add() got an unexpected keyword argument 'z'",
    );
    await expect(scene.echo.delay(() => 1)).rejects.toMatchObject({
      code: 'ERR_POOL_ENCODE',
      path: 'args[0]',
    });
    expect(sent).toEqual([]);
  });

  it('by name needs no code', async () => {
    const result = await scene.app.sendTask('unknown.here', [1], { kwargs: { a: 2 }, queue: 'elsewhere' });
    const { args, kwargs, headers } = decodeTaskMessage((sent[0] as OutgoingTask).message);
    expect([headers.task, headers.id, args, kwargs]).toEqual(['unknown.here', result.id, [1], { a: 2 }]);
    expect(await (await scene.app.transport()).queueSize('elsewhere')).toBe(1);
  });

  it('can be added to before it is published', async () => {
    scene.app.on('beforeTaskPublish', ({ message }) => {
      message.headers['traceparent'] = '00-abc';
    });
    await scene.add.delay(1, 2);
    expect(sent[0]?.message.headers['traceparent']).toBe('00-abc');
  });
});

describe('many messages', () => {
  it('that are sent in one turn are all there', async () => {
    const { app, add } = scene;
    await Promise.all(Array.from({ length: 1000 }, (_, i) => add.delay(i, i)));
    expect(await (await app.transport()).queueSize('celery')).toBe(1000);
  });

  it('are given to the transport in the turn they are sent in', async () => {
    const { app, add } = scene;
    await add.delay(0, 0);
    const transport = await app.transport();
    const turns = new Set<number>();
    let turn = 0;
    const publish = transport.publish.bind(transport);
    transport.publish = (...args) => {
      turns.add(turn);
      return publish(...args);
    };
    const next = setImmediate(() => {
      turn += 1;
    });
    await Promise.all(Array.from({ length: 100 }, (_, i) => add.delay(i, i)));
    clearImmediate(next);
    expect(turns.size).toBe(1);
  });
});

describe('an app', () => {
  it('without a broker says what to do', async () => {
    await expect(new App('demo').sendTask('x')).rejects.toThrow(
      "new App('demo', { broker: 'redis://localhost' })",
    );
  });

  it('with a broker that is no URL says so', async () => {
    await expect(new App('demo', { broker: 'nonsense' }).sendTask('x')).rejects.toBeInstanceOf(
      InvalidBrokerUrlError,
    );
  });

  it('says which package is missing', async () => {
    const app = new App('demo', {
      broker: 'nosuch://x',
      packages: { transports: { nosuch: '@pool/transport-nosuch' } },
    });
    await expect(app.sendTask('x')).rejects.toThrow('npm install @pool/transport-nosuch');
    const results = new App('demo', { resultBackend: 'nosuch://x' });
    await expect(results.AsyncResult('x').get()).rejects.toThrow('npm install pool-results-nosuch');
  });

  it('takes its broker from the environment first, as Celery does', async () => {
    process.env['CELERY_BROKER_URL'] = 'memory://environment';
    try {
      await using app = new App('demo', { broker: 'redis://nowhere.invalid' });
      expect(String((await app.transport()).url)).toBe('memory://environment');
    } finally {
      delete process.env['CELERY_BROKER_URL'];
    }
  });

  it('that is closed waits for what is being published, and sends no more', async () => {
    const { app, add } = scene;
    const transport = await app.transport();
    const sending = Promise.all([add.delay(1, 2), add.s(1, 2).delay()]);
    await Promise.all([app.close(), app.close()]);
    await sending;
    expect(sent).toHaveLength(2);
    expect(transport.state).toBe('closed');
    await expect(add.delay(1, 2)).rejects.toMatchObject({ code: 'ERR_POOL_APP_CLOSED' });
  });

  it('does not close a transport or a result store that it was given', async () => {
    const transport = await scene.app.transport();
    const other = new App('other', { broker: transport, resultBackend: scene.results });
    await other.sendTask('x');
    await other.close();
    expect(transport.state).toBe('connected');
    await scene.results.connect();
  });

  it.each([
    [
      { task_default_queue: 'x' },
      'app demo has no setting task_default_queue; did you mean taskDefaultQueue?',
    ],
    [{ brokr: 'x' }, 'app demo has no setting brokr; did you mean broker?'],
    [{ zzzzzzzzzzzzzzzzzz: 1 }, 'app demo has no setting zzzzzzzzzzzzzzzzzz'],
    [{ taskAcksLate: 'yes' }, 'taskAcksLate must be true or false'],
    [{ taskQueues: 'celery' }, 'taskQueues must be a list'],
    [{ taskRoutes: { a: 1 } }, 'the route of a must be'],
  ])('refuses the settings %j', (options, message) => {
    expect(() => new App('demo', options as never)).toThrow(message);
  });
});
