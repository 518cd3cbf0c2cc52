import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createMessageName,
  deliveryCountOf,
  encodeQueue,
  isOwnName,
  publishedAtOf,
  queueOfName,
  redeliveredName,
  sortKeyOf,
} from '../src/message-name.js';

const byKey = (a: string, b: string): number => (sortKeyOf(a) < sortKeyOf(b) ? -1 : 1);
const kombuName = '123456789_0f8fad5b-d9cb-469f-a165-70867728950e.celery.msg';

describe('the name of a message file', () => {
  it('says which queue it is for, when it was published and how often delivered', () => {
    const queues = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(queues, fc.nat(5), (queue, times) => {
        const encoded = encodeQueue(queue);
        const before = Date.now();
        let name = createMessageName(encoded, 0);
        for (let i = 0; i < times; i++) name = redeliveredName(name);
        expect(name).not.toMatch(/[/\\\0]/);
        expect(queueOfName(name)).toBe(encoded);
        expect(decodeURIComponent(encoded.replaceAll(/%(?![0-9a-f]{2})/g, '%25'))).toBe(queue);
        expect(deliveryCountOf(name)).toBe(times);
        expect(isOwnName(name)).toBe(true);
        expect(publishedAtOf(name)).toBeGreaterThanOrEqual(before - 1);
      }),
    );
  });

  it('puts the urgent before the others, and the old before the new', () => {
    const low = Array.from({ length: 50 }, () => createMessageName('q', 0));
    const high = Array.from({ length: 50 }, () => createMessageName('q', 9));
    const some = createMessageName('q', 4);
    const again = low.map((name, i) => (i % 3 === 0 ? redeliveredName(name) : name));
    expect([...again, some, ...high].sort(byKey)).toEqual([...high, some, ...again]);
  });

  it('is understood when kombu made it', () => {
    expect(queueOfName(kombuName)).toBe('celery');
    expect(isOwnName(kombuName)).toBe(false);
    expect(publishedAtOf(kombuName)).toBeUndefined();
    const later = kombuName.replace('123456789', '1234567890');
    const names = [createMessageName('celery', 0), later, kombuName, createMessageName('celery', 1)];
    expect([...names].sort(byKey)).toEqual([names[3], kombuName, later, names[0]]);
    expect(deliveryCountOf(redeliveredName(redeliveredName(kombuName)))).toBe(2);
  });

  it.each(['control', 'x.part', '.msg', 'a.msg', 'celery.exchange'])('is not %s', (name) => {
    expect(queueOfName(name)).toBeUndefined();
  });
});
