import { ConnectionError, type Delivery, holdUntilAside } from '@pool/transport';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { FlakyTransport } from './support/flaky-transport.js';
import { message } from './support/messages.js';

let transport: FlakyTransport;
let delivery: Delivery;
let told: string[];
const onFailed = (error: Error): void => void told.push(error.message);

beforeEach(async () => {
  transport = new FlakyTransport('flaky://a', { reconnect: { initial: 0.01, jitter: 0 } });
  onTestFinished(() => transport.close());
  await transport.connect();
  await transport.publish(message('a'), { routingKey: 'q' });
  told = [];
  delivery = await new Promise<Delivery>((resolve, reject) => {
    const onDeliveries = ([first]: Delivery[]): void => resolve(first as Delivery);
    transport.consume({ queues: ['q'], onDeliveries }).catch(reject);
  });
});

it('tells once, and ends when the message is aside', async () => {
  let failures = 2;
  const setAside = transport.setAside.bind(transport);
  transport.setAside = (...args) =>
    failures-- > 0 ? Promise.reject(new Error(`no room ${failures}`)) : setAside(...args);
  expect(await holdUntilAside(transport, delivery, 'bad', { onFailed })).toBe(true);
  expect(told).toEqual(['no room 1']);
  expect(transport.broker.settled).toEqual(['aside a']);
});

it('does not tell of an outage, and goes on where the message is still held after it', async () => {
  transport.failNextPutAside = new ConnectionError('the line went dead');
  const aside = holdUntilAside(transport, delivery, 'bad', { onFailed });
  transport.broker.takeAway();
  transport.broker.up = true;
  expect(await aside).toBe(true);
  expect(told).toEqual([]);
  expect(transport.epoch).toBe(2);
});

it('ends without telling when the broker has taken the message back', async () => {
  transport.setAside = () => {
    transport.loseLease([delivery]);
    return Promise.reject(new Error('no such message'));
  };
  expect(await holdUntilAside(transport, delivery, 'bad', { onFailed })).toBe(false);
  expect(told).toEqual([]);
});

it('ends when it is told to, and when the transport closes', async () => {
  transport.setAside = () => Promise.reject(new Error('no room'));
  const ending = new AbortController();
  const { signal } = ending;
  const aside = holdUntilAside(transport, delivery, 'bad', { onFailed, signal });
  await vi.waitFor(() => expect(told).toEqual(['no room']));
  ending.abort();
  expect(await aside).toBe(false);
  expect(transport.holds(delivery)).toBe(true);
  const closed = holdUntilAside(transport, delivery, 'bad');
  await transport.close();
  expect(await closed).toBe(false);
  expect(transport.broker.settled).toEqual(['requeued a']);
});
