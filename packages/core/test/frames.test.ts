import { isDeepStrictEqual } from 'node:util';
import { FrameReader, FrameWriter } from '@pool/core/frames';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const bytesOf = (writer: FrameWriter): Buffer => Buffer.concat(writer.take());

function read(bytes: Buffer, pieces: number[] = []): unknown[] {
  const batches: unknown[][] = [];
  const reader = new FrameReader((batch) => batches.push(batch));
  let at = 0;
  for (const size of [...pieces, bytes.length]) {
    // A reader must not keep what it is given: the memory of a socket's buffer is used again.
    const piece = Buffer.from(bytes.subarray(at, at + size));
    reader.push(piece);
    piece.fill(0xff);
    at += size;
  }
  return batches.flat();
}

const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.string({ minLength: 250, maxLength: 300 }),
    fc.string({ unit: 'binary', minLength: 250, maxLength: 300 }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
    fc.boolean(),
    fc.constantFrom(null, undefined),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(
      fc.string({ maxLength: 5 }),
      tie('value').filter((v) => v !== undefined),
      { maxKeys: 5 },
    ),
  ),
}));

describe('frames', () => {
  it('carry any plain values, in any pieces', () => {
    const message = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.nat(), plain.value, plain.value);
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 8 }),
        (messages, pieces) => {
          const writer = new FrameWriter();
          for (const [kind, id, a, b] of messages) writer.write(kind, id, a, b);
          const expected = messages.flat(1).map((value) => (Object.is(value, -0) ? 0 : value));
          expect(read(bytesOf(writer), pieces)).toEqual(expected);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('leave out a message that cannot be carried, and only that', () => {
    const writer = new FrameWriter();
    writer.write(1, 1, Buffer.from('a'), null);
    expect(() => writer.write(1, 2, [Buffer.from('b'), () => 1], null)).toThrow('args');
    writer.write(1, 3, Buffer.from('c'), null);
    expect(read(bytesOf(writer))).toEqual([1, 1, Buffer.from('a'), null, 1, 3, Buffer.from('c'), null]);
  });

  it('leave out a message whose writer was interrupted while it took its bytes', () => {
    const writer = new FrameWriter();
    const bytes = Buffer.from('abc');
    Object.defineProperty(bytes, 'length', {
      get() {
        throw new Error('interrupted');
      },
    });
    expect(() => writer.write(1, 1, [bytes, 'x'.repeat(300)], null)).toThrow('interrupted');
    expect(writer.empty).toBe(true);
    writer.write(1, 2, Buffer.from('def'), 'y'.repeat(300));
    expect(read(bytesOf(writer))).toEqual([1, 2, Buffer.from('def'), 'y'.repeat(300)]);
  });

  it('refuse what nests without end', () => {
    const cycle: unknown[] = [];
    cycle.push({ cycle });
    expect(() => new FrameWriter().write(1, 1, cycle, null)).toThrow('contains itself');
  });

  it('keep a key named __proto__ a key', () => {
    const value = JSON.parse('{"__proto__":{"bytes":1}}') as Record<string, unknown>;
    Object.defineProperty(value, '__proto__', {
      value: Buffer.from('x'),
      enumerable: true,
      configurable: true,
      writable: true,
    });
    const writer = new FrameWriter();
    writer.write(1, 1, value, null);
    const back = read(bytesOf(writer))[2] as Record<string, unknown>;
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect(Object.keys(back)).toEqual(['__proto__']);
    expect(Object.getOwnPropertyDescriptor(back, '__proto__')?.value).toEqual(Buffer.from('x'));
  });

  it.each([
    ['text that fills more than the memory that is used again', 'a'.repeat(150_000), 'é'.repeat(150_000)],
    ['bytes that are copied and bytes that are not', Buffer.alloc(10_000, 1), Buffer.alloc(100_000, 2)],
    ['JSON that is larger than the memory that is used again', Array(90_000).fill('é'), 'z'.repeat(300)],
  ])('carry %s', (_, a, b) => {
    const writer = new FrameWriter();
    for (const id of [1, 2, 3]) writer.write(1, id, [a, id], b);
    const expected = [1, 2, 3].flatMap((id) => [1, id, [a, id], b]);
    // Vitest's own comparison looks at bytes one by one.
    expect(isDeepStrictEqual(read(bytesOf(writer), [5, 70_000, 1000]), expected)).toBe(true);
    writer.write(1, 4, b, a);
    expect(isDeepStrictEqual(read(bytesOf(writer)), [1, 4, b, a])).toBe(true);
  });

  it('give structured values memory of their own', () => {
    const writer = new FrameWriter('structured');
    writer.write(1, 1, new Uint8Array([1, 2, 3]), null);
    expect(read(bytesOf(writer))[2]).toEqual(new Uint8Array([1, 2, 3]));
  });

  it('are told from bytes that are none', () => {
    const reader = new FrameReader(() => {});
    expect(() => reader.push(Buffer.from('something else entirely'))).toThrow('not theirs');
  });
});
