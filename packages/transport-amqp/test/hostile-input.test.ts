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

/** Headers as they are read: numbers without the type they are written with. */
function untyped(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(untyped);
  const { '!': type, value: typed } = value as Record<string, unknown>;
  if ((type === 'int' || type === 'double') && typeof typed === 'number') return typed;
  return value instanceof Date
    ? value
    : Object.fromEntries(Object.entries(value).map(([key, member]) => [key, untyped(member)]));
}

it('integers in headers have a type that Python reads, what is typed keeps its own', () => {
  const time = { '!': 'timestamp', value: 1_700_000_000 };
  const headers = { timelimit: [3600, null], small: 127, below: -1, far: -(2 ** 40), half: 0.5, time };
  const message = { body: Buffer.of(), contentType: '', contentEncoding: '', properties: {} };
  const sentOf = (given: Record<string, unknown>) =>
    toAmqp({ ...message, headers: given }, { priority: 0, mandatory: false } as never).headers;
  expect(sentOf(headers)).toEqual({
    timelimit: [{ '!': 'int', value: 3600 }, null],
    small: 127,
    below: { '!': 'int', value: -1 },
    far: { '!': 'double', value: -(2 ** 40) },
    half: 0.5,
    time,
  });
  const usual = { retries: 0, timelimit: [null, null], task: 'demo.add', time };
  expect(sentOf(usual)).toBe(usual);
});

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
        expect(untyped(sent.headers)).toEqual(untyped(message.headers));
      },
    ),
    { numRuns: 2000 },
  );
  expect(Reflect.ownKeys({})).toEqual([]);
}, 60_000);
