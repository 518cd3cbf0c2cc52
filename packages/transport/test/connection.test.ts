import { once } from 'node:events';
import {
  ConnectionError,
  ConsumerStalledError,
  type Delivery,
  PublishError,
  TransportClosedError,
  type VirtualTransportOptions,
} from '@pool/transport';
import { afterEach, describe, expect, it } from 'vitest';
import { FlakyTransport } from './support/flaky-transport.js';
import { message } from './support/messages.js';

const opened: FlakyTransport[] = [];

/** Waits that are short enough for a test. */
const quick: VirtualTransportOptions = { reconnect: { initial: 0.005, max: 0.02 } };

function create(
  options: VirtualTransportOptions = quick,
  url = 'redis://a:secret@first;second',
): FlakyTransport {
  const transport = new FlakyTransport(url.replace('a:secret@', ':secret@'), options);
  opened.push(transport);
  return transport;
}

async function connected(options?: VirtualTransportOptions): Promise<FlakyTransport> {
  const transport = create(options);
  await transport.connect();
  return transport;
}

async function consuming(transport: FlakyTransport): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  await transport.consume({ queues: ['q'], onDeliveries: (batch) => deliveries.push(...batch) });
  return deliveries;
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('it did not come to pass');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((transport) => transport.close()));
});

describe('connecting', () => {
  it('tries every URL once, and can be tried again', async () => {
    const transport = create();
    transport.broker.up = false;
    await expect(transport.connect()).rejects.toThrow(ConnectionError);
    await expect(transport.connect()).rejects.toThrow(
      'cannot connect to redis://:**@first: nobody answers; cannot connect to redis://second: nobody answers',
    );
    expect(transport.broker.attempts).toEqual(['first', 'second', 'first', 'second']);
    expect(transport.state).toBe('new');
    transport.broker.up = true;
    await transport.connect();
    expect(transport.state).toBe('connected');
  });

  it('goes on to the next URL when the first does not answer in time', async () => {
    const transport = create({ connectTimeout: 0.05 });
    Object.assign(transport, {
      onOpen(this: FlakyTransport, url: { host: string }, signal: AbortSignal) {
        this.broker.attempts.push(url.host);
        if (url.host === 'second') return Promise.resolve();
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        });
      },
    });
    await transport.connect();
    expect(transport.broker.attempts).toEqual(['first', 'second']);
    expect(transport.url.host).toBe('second');
  });

  it('is given up when the transport closes', async () => {
    const transport = create();
    Object.assign(transport, {
      onOpen: (_url: unknown, signal: AbortSignal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    });
    const connecting = transport.connect();
    const refused = expect(connecting).rejects.toThrow(TransportClosedError);
    await transport.close();
    await refused;
    expect(transport.state).toBe('closed');
  });
});

describe('an outage', () => {
  it('is told once, and ends with everything declared again in the next epoch', async () => {
    const transport = await connected();
    await transport.declareExchange({ name: 'x' });
    const { name } = await transport.declareQueue({ name: '' });
    await transport.declareQueue({ name: 'gone' });
    await transport.bindQueue({ exchange: 'x', queue: name });
    await transport.deleteQueue('gone');
    const declared = [...transport.broker.declared].filter((line) => line !== 'queue gone');
    transport.broker.declared.length = 0;
    const told: string[] = [];
    transport.on('disconnected', (error) => told.push(error.message));
    transport.broker.takeAway();
    transport.lose(new Error('and again'));
    expect(transport.state).toBe('reconnecting');
    await once(transport, 'reconnecting');
    transport.broker.up = true;
    const [epoch] = await once(transport, 'connected');
    expect(epoch).toBe(2);
    expect(transport.epoch).toBe(2);
    expect(told).toEqual(['the line went dead']);
    expect(transport.stats.reconnects).toBe(1);
    expect(transport.broker.declared).toEqual(declared);
    expect(new Set(transport.broker.attempts)).toEqual(new Set(['first', 'second']));
  });

  it('that comes while reconnecting is not missed', async () => {
    const transport = await connected();
    await transport.declareQueue({ name: 'q' });
    let broken = false;
    const onOpen = Reflect.get(transport, 'onOpen').bind(transport);
    Object.assign(transport, {
      onReconnect() {
        if (broken) return;
        broken = true;
        transport.lose(new Error('lost between opening and going on'));
      },
      onOpen,
    });
    transport.lose(new Error('lost'));
    const [failure] = await once(transport, 'reconnecting');
    expect((failure as Error).message).toContain('lost between opening and going on');
    await once(transport, 'connected');
    expect(transport.epoch).toBe(3);
  });

  it('holds publishes up, in bounds, and lets them through when it ends', async () => {
    const transport = await connected({ ...quick, maxWaitingPublishes: 2 });
    transport.broker.takeAway();
    const published = ['a', 'b'].map((text) => transport.publish(message(text), { routingKey: 'q' }));
    await expect(transport.publish(message('c'), { routingKey: 'q' })).rejects.toThrow(PublishError);
    transport.broker.up = true;
    await Promise.all(published);
    expect(await transport.queueSize('q')).toBe(2);
    await transport.publish(message('d'), { routingKey: 'q' });
    expect(await transport.queueSize('q')).toBe(3);
  });

  it('ends for what waits when the transport closes', async () => {
    const transport = await connected();
    transport.broker.takeAway();
    const publish = transport.publish(message('a'), { routingKey: 'q' });
    const refused = expect(publish).rejects.toThrow(TransportClosedError);
    await transport.close();
    await refused;
    expect(transport.state).toBe('closed');
  });

  it('fails what was on its way, alone', async () => {
    const transport = await connected();
    transport.broker.up = false;
    const publish = transport.publish(message('a'), { routingKey: 'q' });
    await expect(publish).rejects.toThrow('nobody answers');
    transport.broker.up = true;
    await transport.publish(message('b'), { routingKey: 'q' });
    expect(await transport.queueSize('q')).toBe(1);
  });

  it('keeps acks until the broker is back', async () => {
    const transport = await connected();
    const deliveries = await consuming(transport);
    await Promise.all(['a', 'b'].map((text) => transport.publish(message(text), { routingKey: 'q' })));
    await until(() => deliveries.length === 2);
    transport.broker.up = false;
    deliveries[0]?.ack();
    const lost = once(transport, 'disconnected');
    await lost;
    deliveries[1]?.reject();
    transport.broker.up = true;
    await once(transport, 'connected');
    await transport.flush();
    expect(transport.broker.settled).toEqual(['acked a', 'rejected b']);
    expect(transport.stats).toMatchObject({ acked: 1, rejected: 1, stale: 0 });
  });

  it('lets consumers go on when it ends', async () => {
    const transport = await connected({ ...quick, pollInterval: 0.01 });
    const { broker } = transport;
    const deliveries = await consuming(transport);
    const [consumer] = transport.consumers;
    await transport.publish(message('a'), { routingKey: 'q' });
    await until(() => deliveries.length === 1);
    const disconnected = once(transport, 'disconnected');
    transport.failNextTake = new Error('the poll broke');
    broker.up = false;
    broker.waiting.get('q')?.push(message('b'));
    expect((await disconnected)[0]).toMatchObject({ message: 'the poll broke' });
    await expect(consumer?.proveConsumption()).rejects.toThrow(ConsumerStalledError);
    transport.broker.up = true;
    await until(() => deliveries.length === 2);
    expect(deliveries.map(({ epoch }) => epoch)).toEqual([1, 2]);
    await consumer?.proveConsumption();
  });

  it('can be made of a connection that is no good', async () => {
    const transport = await connected({ ...quick, pollInterval: 0.01 });
    const deliveries = await consuming(transport);
    const disconnected = once(transport, 'disconnected');
    transport.reconnect(new ConnectionError('it swallows everything'));
    expect((await disconnected)[0]).toMatchObject({ message: 'it swallows everything' });
    // Once is enough.
    transport.reconnect(new ConnectionError('it still does'));
    await transport.publish(message('a'), { routingKey: 'q' });
    await until(() => deliveries.length === 1);
    expect(deliveries[0]?.epoch).toBe(2);
    expect(transport.stats.reconnects).toBe(1);
  });

  it('that begins during a proof of consumption ends the proof', async () => {
    const transport = await connected();
    await consuming(transport);
    const [consumer] = transport.consumers;
    await consumer?.proveConsumption();
    transport.failNextTake = new Error('the poll broke');
    await expect(consumer?.proveConsumption()).rejects.toThrow(ConsumerStalledError);
  });

  it('is given up after as many attempts as allowed', async () => {
    const transport = await connected({ ...quick, maxReconnects: 2 });
    const failed = once(transport, 'failed');
    transport.broker.takeAway();
    const publish = transport.publish(message('a'), { routingKey: 'q' });
    const refused = expect(publish).rejects.toThrow(TransportClosedError);
    expect((await failed)[0]).toBeInstanceOf(ConnectionError);
    await refused;
    await transport.close();
    expect(transport.state).toBe('closed');
    expect(transport.broker.attempts).toHaveLength(3);
  });

  it('during close() does not keep it waiting', async () => {
    const transport = await connected();
    const deliveries = await consuming(transport);
    await transport.publish(message('a'), { routingKey: 'q' });
    await until(() => deliveries.length === 1);
    deliveries[0]?.ack();
    transport.broker.up = false;
    const stale = once(transport, 'staleSettlement');
    await transport.close();
    expect(transport.state).toBe('closed');
    expect(transport.broker.settled).toEqual([]);
    expect((await stale)[1]).toMatchObject({
      code: 'ERR_POOL_STALE_DELIVERY',
      cause: { message: 'nobody answers' },
    });
    expect(transport.stats).toMatchObject({ acked: 0, stale: 1 });
  });
});
