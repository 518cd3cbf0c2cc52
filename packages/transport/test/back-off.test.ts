import { backOff } from '@pool/transport';
import fc from 'fast-check';
import { expect, it } from 'vitest';

it('waits longer each time, up to the longest wait', () => {
  const waits = Array.from({ length: 10 }, (_, attempt) => backOff(attempt, { jitter: 0 }));
  expect(waits).toEqual([0.25, 0.5, 1, 2, 4, 8, 16, 30, 30, 30]);
});

it('spreads the waits of a fleet, and never waits longer than told', () => {
  fc.assert(
    fc.property(fc.nat(5000), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      const wait = backOff(attempt, { initial: 1, max: 20, jitter: 0.5 }, () => random);
      const longest = backOff(attempt, { initial: 1, max: 20, jitter: 0 });
      expect(wait).toBeGreaterThanOrEqual(longest / 2);
      expect(wait).toBeLessThanOrEqual(longest);
    }),
  );
});
