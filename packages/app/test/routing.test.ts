import { App, QueueNotFoundError, Queues, type QueuesOptions, Router } from '@pool/app';
import { describe, expect, it } from 'vitest';

function routeOf(routes: ConstructorParameters<typeof Router>[0], name: string) {
  return new Router(routes).route(name, [], {}, {});
}

describe('a route', () => {
  it('is found by name, glob, regular expression or function', () => {
    const table = { 'a.exact': 'exact', 'a.*': { queue: 'glob', priority: 3 }, '*.z': 'end' };
    expect(routeOf(table, 'a.exact')).toEqual({ queue: 'exact' });
    expect(routeOf(table, 'a.other')).toEqual({ queue: 'glob', priority: 3 });
    expect(routeOf(table, 'b.z')).toEqual({ queue: 'end' });
    expect(routeOf(table, 'b')).toEqual({});
    expect(routeOf([[/^(video|image)\./g, 'media']], 'image.scale')).toEqual({ queue: 'media' });
    expect(routeOf((name) => (name === 'f' ? 'called' : undefined), 'f')).toEqual({ queue: 'called' });
  });

  it('of a name comes before one of a pattern, and patterns go by their order', () => {
    const table = { '*': 'any', 'a.*': 'glob', 'a.b': 'exact' };
    expect(routeOf(table, 'a.b')).toEqual({ queue: 'exact' });
    expect(routeOf(table, 'a.c')).toEqual({ queue: 'any' });
  });

  it('comes from the first of several tables that knows the task', () => {
    const routes = [() => null, { a: 'first' }, { a: 'second', b: 'third' }] as const;
    expect(routeOf(routes, 'a')).toEqual({ queue: 'first' });
    expect(routeOf(routes, 'b')).toEqual({ queue: 'third' });
  });

  it('by function is told of the call', () => {
    const router = new Router((_name, args, kwargs, options) =>
      args[0] === kwargs['k'] ? { priority: options.priority ?? 9 } : null,
    );
    expect(router.route('x', [1], { k: 1 }, { priority: 5 })).toEqual({ priority: 5 });
    expect(router.route('x', [1], { k: 2 }, {})).toEqual({});
  });

  it('that is none is refused at once', () => {
    expect(() => new Router(7 as never)).toThrow('taskRoutes must be');
    expect(() => new Router({ a: 7 } as never)).toThrow('the route of a');
  });
});

const defaults: QueuesOptions = {
  queues: [],
  defaultQueue: 'celery',
  defaultExchange: 'celery',
  defaultExchangeType: 'direct',
  defaultRoutingKey: 'celery',
  createMissing: true,
  maxPriority: undefined,
};

describe('queues', () => {
  it('without any there is one', () => {
    expect(new Queues(defaults).names).toEqual(['celery']);
    expect(new Queues({ ...defaults, queues: ['a', { name: 'b' }] }).names).toEqual(['a', 'b']);
  });

  it('are on the default exchange unless they say, bound by their name', () => {
    const queues = new Queues({
      ...defaults,
      queues: ['a', { name: 'b', exchange: 'media', exchangeType: 'topic', routingKey: 'b.#' }],
    });
    expect(queues.get('a')).toMatchObject({ exchange: 'celery', exchangeType: 'direct', routingKey: 'a' });
    expect(queues.get('b')).toMatchObject({ exchange: 'media', exchangeType: 'topic', routingKey: 'b.#' });
  });

  it('of a fanout exchange are bound to all of it', () => {
    const announce = { name: 'mine', exchange: 'announce', exchangeType: 'fanout' } as const;
    const queues = new Queues({
      ...defaults,
      queues: [announce, { ...announce, name: 'b', routingKey: 'b' }],
    });
    expect([queues.get('mine').routingKey, queues.get('b').routingKey]).toEqual(['', 'b']);
  });

  it('that are missing come into being on an exchange of their own, or are refused', () => {
    expect(new Queues(defaults).get('new')).toMatchObject({ exchange: 'new', routingKey: 'new' });
    expect(() => new Queues({ ...defaults, createMissing: false }).get('new')).toThrow(QueueNotFoundError);
  });

  it('have the priorities of the app unless they say', () => {
    const queues = new Queues({ ...defaults, maxPriority: 10, queues: ['a', { name: 'b', maxPriority: 3 }] });
    expect([queues.get('a').maxPriority, queues.get('b').maxPriority]).toEqual([10, 3]);
  });
});

describe('a message', () => {
  it('goes through the exchange of a queue that is bound to a topic', async () => {
    await using app = new App('demo', {
      broker: 'memory://topics',
      taskQueues: [
        { name: 'media', exchange: 'work', exchangeType: 'topic', routingKey: 'media.#' },
        { name: 'video', exchange: 'work', exchangeType: 'topic', routingKey: 'media.video' },
      ],
      taskDefaultQueue: 'media',
    });
    const transport = await app.transport();
    await app.sendTask('scale', [], { queue: 'video' });
    await app.sendTask('scale', [], { queue: 'media', routingKey: 'media.image' });
    await app.sendTask('scale', [], { exchange: 'work', routingKey: 'media.video' });
    expect([await transport.queueSize('media'), await transport.queueSize('video')]).toEqual([2, 2]);
  });

  it('finds the exchange of a queue that was never sent to, without a key where it needs none', async () => {
    const all = { exchange: 'announce', exchangeType: 'fanout' } as const;
    const options = {
      broker: 'memory://announced',
      taskQueues: [
        { name: 'one', ...all },
        { name: 'two', ...all },
      ],
    };
    await using consumer = new App('demo', options);
    for (const queue of ['one', 'two']) await consumer.sendTask('hello', [], { queue });
    await using app = new App('demo', options);
    await app.sendTask('hello', [], { exchange: 'announce' });
    await app.sendTask('hello', [], { exchange: 'announce', routingKey: '' });
    const transport = await app.transport();
    // The first was sent when there was no second.
    expect([await transport.queueSize('one'), await transport.queueSize('two')]).toEqual([4, 3]);
    await expect(app.sendTask('hello', [], { exchange: 'elsewhere', routingKey: 'x' })).rejects.toThrow(
      'the exchange "elsewhere" is not declared',
    );
  });

  it('to a queue that is not allowed is refused', async () => {
    await using app = new App('demo', { broker: 'memory://closed', taskCreateMissingQueues: false });
    await expect(app.sendTask('x', [], { queue: 'nowhere' })).rejects.toMatchObject({ queue: 'nowhere' });
    await expect(app.sendTask('x', [], { exchange: 'named' })).rejects.toThrow('needs a routingKey');
  });
});
