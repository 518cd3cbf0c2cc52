import {
  createJsonSerializer,
  DecodeError,
  EncodeError,
  LimitExceededError,
  typedValue,
  uuidValue,
} from '@pool/message';
import { describe, expect, it } from 'vitest';

const json = createJsonSerializer();

function text(value: unknown, serializer = json): string {
  return Buffer.from(serializer.encode(value)).toString();
}

function parse(source: string, serializer = json): unknown {
  const plain = serializer.decode(Buffer.from(source), 'utf-8');
  return serializer.revive?.(plain);
}

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('types that JSON lacks', () => {
  it('are written as kombu writes them', () => {
    expect(text(new Date('2026-01-01T00:00:00.123Z'))).toBe(
      '{"__type__":"datetime","__value__":"2026-01-01T00:00:00.123000+00:00"}',
    );
    expect(text(Buffer.from('hi'))).toBe('{"__type__":"bytes","__value__":"hi"}');
    expect(text(new Uint8Array([255]))).toBe('{"__type__":"base64","__value__":"/w=="}');
    expect(text(new Uint8Array([255]).buffer)).toBe('{"__type__":"base64","__value__":"/w=="}');
    expect(text(uuidValue('6114BC7C-7d2d-499b-aa7f-825c7653f718'))).toBe(
      '{"__type__":"uuid","__value__":{"hex":"6114bc7c7d2d499baa7f825c7653f718"}}',
    );
    expect(text(typedValue('decimal', '1.10'))).toBe('{"__type__":"decimal","__value__":"1.10"}');
  });

  it('are read from what kombu 5.6 wrote', () => {
    const captured =
      '{"a": {"__type__": "datetime", "__value__": "2026-11-21T02:51:54.357476"}, "z": {"__type__": "datetime", ' +
      '"__value__": "2026-11-21T04:51:54.357490+02:00"}, "b": {"__type__": "bytes", "__value__": "hi"}, "c": ' +
      '{"__type__": "base64", "__value__": "/w=="}, "d": {"__type__": "decimal", "__value__": "1.10"}, "u": ' +
      '{"__type__": "uuid", "__value__": {"hex": "6114bc7c7d2d499baa7f825c7653f718"}}, "dt": {"__type__": "date", ' +
      '"__value__": "2026-11-21"}, "t": {"__type__": "time", "__value__": "01:02:03"}}';
    expect(parse(captured)).toEqual({
      a: new Date('2026-11-21T02:51:54.357Z'),
      z: new Date('2026-11-21T02:51:54.357Z'),
      b: Buffer.from('hi'),
      c: Buffer.from([255]),
      d: '1.10',
      u: '6114bc7c-7d2d-499b-aa7f-825c7653f718',
      dt: '2026-11-21',
      t: '01:02:03',
    });
  });

  it('nobody registered stay as they came', () => {
    const value = { __type__: 'matrix', __value__: [1] };
    expect(parse(JSON.stringify(value))).toEqual(value);
  });

  it('need exactly the two keys', () => {
    const value = { __type__: 'date', __value__: '2026-01-01', more: 1 };
    expect(parse(JSON.stringify(value))).toEqual(value);
  });

  it('with a malformed value are a DecodeError', () => {
    for (const [type, value] of Object.entries({ datetime: 'soon', uuid: 'x', bytes: 1, decimal: null })) {
      expect(() => parse(JSON.stringify(typedValue(type, value)))).toThrow(DecodeError);
    }
  });

  it('can be added', () => {
    const points = createJsonSerializer({
      types: [
        {
          name: 'url',
          is: (value) => value instanceof URL,
          encode: (value) => (value as URL).href,
          decode: (value) => new URL(String(value)),
        },
      ],
    });
    const wire = text([new URL('http://a/b')], points);
    expect(wire).toBe('[{"__type__":"url","__value__":"http://a/b"}]');
    expect(parse(wire, points)).toEqual([new URL('http://a/b')]);
    expect(() => parse('{"__type__":"url","__value__":"no url"}', points)).toThrow(DecodeError);
  });

  it('are bare text or refused with typed: false, as kombu 5.2 does', () => {
    const untyped = createJsonSerializer({ typed: false });
    expect(text({ when: new Date(0) }, untyped)).toBe('{"when":"1970-01-01T00:00:00.000000+00:00"}');
    expect(errorOf(() => text({ a: [Buffer.from('x')] }, untyped))).toMatchObject({ path: 'a[0]' });
  });
});

describe('numbers', () => {
  it('beyond 2**53 stay what they are: BigInt an integer, number a float', () => {
    expect(text([2n ** 64n, -(2n ** 64n), 5n, 1e20, -3e16, 2 ** 53 - 1])).toBe(
      '[18446744073709551616,-18446744073709551616,5,1e+20,-3e+16,9007199254740991]',
    );
    expect(
      parse('[18446744073709551616, -9007199254740993, 9007199254740991, 1e20, 1234567890123456]'),
    ).toEqual([18446744073709551616n, -9007199254740993n, 9007199254740991, 1e20, 1234567890123456]);
  });

  it('come rounded with bigIntegers: number', () => {
    const rounding = createJsonSerializer({ bigIntegers: 'number' });
    expect(parse('[18446744073709551616, NaN]', rounding)).toEqual([2 ** 64, Number.NaN]);
  });

  it('that are not finite are written and read as Python does', () => {
    expect(text([Number.NaN, Infinity, -Infinity])).toBe('[NaN,Infinity,-Infinity]');
    expect(parse('[NaN, Infinity, -Infinity, "NaN", "a\\"NaN", -1]')).toEqual([
      Number.NaN,
      Infinity,
      -Infinity,
      'NaN',
      'a"NaN',
      -1,
    ]);
  });

  it('that are not finite can be refused', () => {
    const strict = createJsonSerializer({ nonFinite: 'error' });
    expect(errorOf(() => text({ a: [0, Number.NaN] }, strict))).toMatchObject({
      code: 'ERR_POOL_ENCODE',
      path: 'a[1]',
    });
  });

  it('in strings are never touched', () => {
    const strings = ['12345678901234567890', 'NaN', '-Infinity', '"12345678901234567890"', '\\'];
    expect(parse(`[${strings.map((item) => JSON.stringify(item)).join(',')}, NaN]`)).toEqual([
      ...strings,
      Number.NaN,
    ]);
  });
});

describe('what has no form in JSON', () => {
  class Money {
    readonly amount = 5;
  }

  it('is refused with its path', () => {
    const circle: unknown[] = [];
    circle.push({ self: circle });
    const cases: [unknown, string][] = [
      [[{ 'a b': () => 1 }], '[0]["a b"]'],
      [{ a: Symbol('x') }, 'a'],
      [{ map: new Map() }, 'map'],
      [[new Set()], '[0]'],
      [{ e: new Error('x') }, 'e'],
      [{ p: Promise.resolve() }, 'p'],
      [{ r: /x/ }, 'r'],
      [{ f: new Float64Array(1) }, 'f'],
      [{ d: new Date(Number.NaN) }, 'd'],
      [circle, '[0].self'],
      [
        {
          a: {
            toJSON: (): never => {
              throw new Error('no');
            },
          },
        },
        'a',
      ],
    ];
    for (const [value, path] of cases) {
      expect(errorOf(() => text(value))).toMatchObject({ name: 'EncodeError', path });
    }
  });

  it('does not include undefined, class instances, boxed values and toJSON', () => {
    expect(text({ a: undefined, b: [undefined, Object(1)] })).toBe('{"b":[null,1]}');
    expect(text(undefined)).toBe('null');
    expect(text([new Money(), new Date(0)])).toContain('{"amount":5}');
    expect(text({ a: { toJSON: () => ({ b: 1n }) } })).toBe('{"a":{"b":1}}');
    expect(text(Object.assign(Object.create(null), { x: 1 }))).toBe('{"x":1}');
  });

  it('is the same value twice only when it is a circle', () => {
    const shared = { at: new Date(0) };
    expect(parse(text([shared, shared]))).toEqual([shared, shared]);
  });
});

describe('hostile JSON', () => {
  it('with keys that change prototypes is refused, however they are spelt', () => {
    for (const source of [
      '{"__proto__": {"polluted": 1}}',
      '{"a": [{"__pr\\u006fto__": {"polluted": 1}}]}',
      '{"constructor": {"prototype": {"polluted": 1}}}',
      '[NaN, {"__proto__": 1}]',
    ]) {
      expect(() => parse(source)).toThrow(DecodeError);
    }
    expect(parse('{"constructor": "mason", "proto": 1}')).toEqual({ constructor: 'mason', proto: 1 });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('that nests too deep is refused, both ways', () => {
    const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    const shallow = createJsonSerializer({ maxDepth: 3 });
    expect(parse(deep(3), shallow)).toEqual([[[]]]);
    expect(() => parse(deep(4), shallow)).toThrow(LimitExceededError);
    expect(() => parse(deep(1_000_000))).toThrow(LimitExceededError);
    expect(() => text([[[[]]]], shallow)).toThrow(EncodeError);
  });

  it('that is no JSON or no UTF-8 is a DecodeError', () => {
    for (const source of ['', '{', '[1,]', 'NaNa', '[Infinity', '"\u0000"', '[1e]', '\ufeff[]']) {
      expect(() => parse(source)).toThrow(DecodeError);
    }
    expect(() => json.decode(Buffer.from([0x22, 0xff, 0x22]), 'utf-8')).toThrow(DecodeError);
  });

  it('takes time linear in its length to refuse', () => {
    expect(() => parse(`NaN${'"\\'.repeat(500_000)}`)).toThrow(DecodeError);
  });
});
