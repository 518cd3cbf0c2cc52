import { createCompressionRegistry, DecodeError, LimitExceededError } from '@pool/message';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const registry = createCompressionRegistry();
const roundTrip = (bytes: Uint8Array): Buffer =>
  Buffer.from(registry.decompress(registry.compress(bytes, 'bzip2').body, 'application/x-bz2'));

/** `bz2.compress(b'hallo')` of Python. */
const HALLO = Buffer.from('QlpoOTFBWSZTWWXEKTgAAACBACBEoAAhmmgzTQczi7kinChIMuIUnAA=', 'base64');
/** `bz2.compress(b'')` of Python. */
const EMPTY = Buffer.from('QlpoORdyRThQkAAAAAA=', 'base64');

describe('bzip2', () => {
  it('reads what Python wrote', () => {
    expect(Buffer.from(registry.decompress(HALLO, 'bzip2')).toString()).toBe('hallo');
    expect(registry.decompress(EMPTY, 'bzip2')).toHaveLength(0);
  });

  it('reads several streams, and ignores what follows them', () => {
    const many = Buffer.concat([HALLO, EMPTY, HALLO, Buffer.from('and more')]);
    expect(Buffer.from(registry.decompress(many, 'bzip2')).toString()).toBe('hallohallo');
  });

  it.each([1, 3, 4, 5, 255, 258, 259, 260, 263, 518, 1000])('packs runs of %i bytes', (length) => {
    const bytes = Buffer.concat([Buffer.alloc(length, 7), Buffer.from([8]), Buffer.alloc(length, 0)]);
    expect(roundTrip(bytes).equals(bytes)).toBe(true);
  });

  it('takes more than one block, and input that repeats itself', () => {
    const noise = Buffer.alloc(1_000_000);
    for (let i = 0, x = 1; i < noise.length; i++) {
      x = (Math.imul(x, 1103515245) + 12345) & 0x7fffffff;
      noise[i] = x >>> 16;
    }
    for (const bytes of [noise, Buffer.from('ab'.repeat(50_000)), Buffer.alloc(2_000_000, 97)]) {
      expect(roundTrip(bytes).equals(bytes)).toBe(true);
    }
  });

  it('gives back any bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 2000, size: 'max' }),
      fc
        .array(fc.constantFrom(0, 1, 97), { maxLength: 3000, size: 'max' })
        .map((items) => Uint8Array.from(items)),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        expect(roundTrip(input).equals(Buffer.from(input))).toBe(true);
      }),
    );
  });

  it('notices every damaged byte of a small message', () => {
    for (let at = 0; at < HALLO.length; at++) {
      const damaged = Buffer.from(HALLO);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      let text: string | undefined;
      try {
        text = Buffer.from(registry.decompress(damaged, 'bzip2')).toString();
      } catch (error) {
        expect(DecodeError.isInstance(error)).toBe(true);
      }
      // The level, and the padding at the end, may change without harm.
      if (text !== undefined) expect(text).toBe('hallo');
    }
  });

  it('stops at the limit, however much a few bytes stand for', () => {
    const bomb = registry.compress(Buffer.alloc(5_000_000), 'bzip2').body;
    expect(bomb.length).toBeLessThan(100);
    const small = createCompressionRegistry({ maxDecompressedBytes: 1000 });
    expect(() => small.decompress(bomb, 'bzip2')).toThrow(LimitExceededError);
  });
});
