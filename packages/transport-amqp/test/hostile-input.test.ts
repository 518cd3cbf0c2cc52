import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromAmqp, toAmqp } from '../src/amqp-properties.js';

const value = fc.anything({
  maxKeys: 3,
  maxDepth: 3,
  withBigInt: true,
  withDate: true,
  withTypedArray: true,
  withNullPrototype: true,
});
const NAMES = [
  'contentType',
  'contentEncoding',
  'correlationId',
  'replyTo',
  'priority',
  'deliveryMode',
  'expiration',
  'messageId',
  'timestamp',
  'type',
  'userId',
  'appId',
  'clusterId',
  '__proto__',
  'constructor',
];
const TEXTS = ['correlationId', 'replyTo', 'expiration', 'messageId', 'type', 'userId', 'appId'] as const;
const NUMBERS = ['priority', 'deliveryMode', 'timestamp'] as const;

it('properties of any kind become a message of the right types, and go out again', () => {
  const properties = fc
    .array(fc.tuple(fc.constantFrom(...NAMES), value), { maxLength: 12 })
    .map(Object.fromEntries);
  fc.assert(
    fc.property(
      properties,
      fc.option(fc.dictionary(fc.string(), value, { maxKeys: 3 })),
      fc.uint8Array(),
      (given, headers, body) => {
        const message = fromAmqp(body, { ...given, headers: headers ?? undefined } as never);
        expect(message.body).toBe(body);
        expect(typeof message.contentType).toBe('string');
        expect(typeof message.contentEncoding).toBe('string');
        expect(typeof message.headers).toBe('object');
        for (const name of TEXTS) expect(['string', 'undefined']).toContain(typeof message.properties[name]);
        for (const name of NUMBERS)
          expect(['number', 'undefined']).toContain(typeof message.properties[name]);
        const sent = toAmqp(message, {
          exchange: '',
          routingKey: 'q',
          priority: 0,
          mandatory: true,
        } as never);
        expect(sent.headers).toBe(message.headers);
      },
    ),
    { numRuns: 2000 },
  );
  expect(Reflect.ownKeys({})).toEqual([]);
}, 60_000);
