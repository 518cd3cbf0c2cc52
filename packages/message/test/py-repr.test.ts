import { pyRepr } from '@pool/message';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

class Point {
  readonly x = 1;
  get y(): number {
    throw new Error('a getter is not to be called');
  }
  toJSON(): never {
    throw new Error('toJSON is not to be called');
  }
}

describe('pyRepr', () => {
  it.each([
    [[1, 'a', null, undefined, true, false], "[1, 'a', None, None, True, False]"],
    [{ a: 1.5, 'b c': [] }, "{'a': 1.5, 'b c': []}"],
    [[Number.NaN, Infinity, -Infinity, 10n], '[nan, inf, -inf, 10]'],
    ["it's", '"it\'s"'],
    ['both \' and "', "'both \\' and \"'"],
    ['line\nbreak\\\u0000\u202e😀é', "'line\\nbreak\\\\\\x00\\u202e😀é'"],
    [Buffer.from("a'\xff", 'latin1'), "b'a\\'\\xff'"],
    [new Date(0), "'1970-01-01T00:00:00.000Z'"],
    [new Date(Number.NaN), '<Invalid Date>'],
    [new TypeError('bad'), "TypeError('bad')"],
    [new Map([[1, 'x']]), "{1: 'x'}"],
    [new Set([1]), '{1}'],
    [new Set(), 'set()'],
    [new Point(), "Point({'x': 1})"],
    [() => 1, '<function>'],
    [[[[[1]]]], '[[[[...]]]]'],
  ])('%# shows a value as Python does', (value, expected) => {
    expect(pyRepr(value)).toBe(expected);
  });

  it('shows positional arguments as a tuple', () => {
    expect(pyRepr([], { tuple: true })).toBe('()');
    expect(pyRepr([1], { tuple: true })).toBe('(1,)');
    expect(pyRepr([1, [2]], { tuple: true })).toBe('(1, [2])');
  });

  it('ends a circle', () => {
    const circle: unknown[] = [];
    circle.push(circle);
    expect(pyRepr(circle)).toBe('[<Recursion>]');
  });

  it('survives values that fight back', () => {
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    expect(pyRepr([revoked.proxy, 1])).toBe('[<Unrepresentable>, 1]');
    const getter = Object.defineProperty({}, 'a', {
      enumerable: true,
      get: () => {
        throw new Error('a getter is not to be called');
      },
    });
    expect(pyRepr(getter)).toBe("{'a': '<property>'}");
  });

  it('is never longer than it may be, and cuts no character in two', () => {
    expect(pyRepr('x'.repeat(2000))).toHaveLength(1027);
    expect(pyRepr(Array.from({ length: 1e6 }, () => 0))).toHaveLength(1027);
    fc.assert(
      fc.property(fc.anything(), fc.integer({ min: 1, max: 30 }), (value, maxLength) => {
        const text = pyRepr(value, { maxLength });
        expect(text.length).toBeLessThanOrEqual(maxLength + 3);
        expect(encodeURIComponent(text)).not.toBe('');
      }),
    );
  });
});
