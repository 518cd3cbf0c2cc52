import { DEFAULT_LIMITS } from '@pool/message';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeTaken } from '../src/taken-message.js';
import { marked, parseUnacked, priorityAndCount } from '../src/unacked-entry.js';

const NAMES = [
  'body',
  'headers',
  'properties',
  'delivery_info',
  'priority',
  'redelivered',
  '__proto__',
  'constructor',
];
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(null, true, 0, -1, 1e308, '', 'x'),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.array(fc.tuple(fc.constantFrom(...NAMES), tie('json')), { maxLength: 4 }).map(Object.fromEntries),
  ),
}));
/** What lies in Redis: JSON of any shape, JSON with damage, and anything else. */
const text = fc.oneof(
  json.map((value) => JSON.stringify(value)),
  json.map((value) => JSON.stringify([value, '', 'celery'])),
  fc.tuple(json, fc.nat(40)).map(([value, end]) => JSON.stringify(value).slice(0, end)),
  fc.string(),
);

it('whatever lies in Redis is a message or the reason why it is none, an entry or none', () => {
  let entries = 0;
  fc.assert(
    fc.property(text, (found) => {
      const taken = decodeTaken('celery', 'tag', found, DEFAULT_LIMITS);
      const { message } = taken;
      expect(message instanceof Error || message.body instanceof Uint8Array).toBe(true);
      expect(typeof marked(found, 3, DEFAULT_LIMITS)).toBe('string');
      const { priority, deliveryCount } = priorityAndCount(found, DEFAULT_LIMITS);
      expect(Number.isFinite(priority) && Number.isSafeInteger(deliveryCount)).toBe(true);
      const entry = parseUnacked(found);
      if (entry === undefined) return;
      entries += 1;
      for (const part of [entry.envelope, entry.exchange, entry.routingKey])
        expect(typeof part).toBe('string');
    }),
    { numRuns: 5000 },
  );
  expect(entries).toBeGreaterThan(500);
  expect(Object.keys(Object.prototype)).toEqual([]);
}, 60_000);
