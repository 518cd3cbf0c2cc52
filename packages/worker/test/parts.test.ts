import { describe, expect, test } from 'vitest';
import { LimitedSet } from '../src/limited-set.js';
import { parseRate } from '../src/rate-limit.js';
import { Schedule } from '../src/schedule.js';

describe('a limited set', () => {
  test('keeps so many, the newest, for so long', () => {
    let now = 100;
    const set = new LimitedSet({ max: 3, expires: 10, now: () => now });
    for (const id of ['a', 'b', 'c', 'd']) set.add(id);
    expect([...set].map(([id]) => id)).toEqual(['b', 'c', 'd']);
    now = 105;
    set.add('b');
    now = 112;
    expect(['b', 'c', 'd'].map((id) => set.has(id))).toEqual([true, false, false]);
  });

  test('puts what is told late where it belongs', () => {
    const set = new LimitedSet({ max: 2, expires: 100, now: () => 50 });
    set.add('new', 40);
    set.add('old', 10);
    set.add('middle', 20);
    expect([...set]).toEqual([
      ['middle', 20],
      ['new', 40],
    ]);
  });
});

test.each([
  ['10/s', 10],
  ['60/m', 1],
  ['3600/h', 1],
  ['5', 5],
  [2, 2],
  [0, 0],
  [null, 0],
])('the rate %j is %d a second', (limit, rate) => {
  expect(parseRate(limit)).toBeCloseTo(rate);
});

test.each(['fast', '10/d', '-1/s', {}])('%j is no rate', (limit) => {
  expect(() => parseRate(limit as string)).toThrow(TypeError);
});

test('a schedule gives items out in the order of their times, first come first among equals', async () => {
  const at = Date.now() + 20;
  const got: number[] = [];
  await new Promise<void>((resolve) => {
    const schedule = new Schedule<number>((due) => {
      got.push(...due);
      if (got.length === 200) resolve();
    });
    // A fixed shuffle of 0 to 199, two for each time.
    for (let i = 0; i < 200; i++) {
      const n = (i * 77) % 200;
      schedule.add(n, at + Math.floor(n / 2) / 10);
    }
  });
  const order = got.map((n) => Math.floor(n / 2));
  expect(order).toEqual([...order].sort((a, b) => a - b));
});
