import { gzipSync } from 'node:zlib';
import {
  CodecNotFoundError,
  createCodec,
  createCompressionRegistry,
  DecodeError,
  EncodeError,
  LimitExceededError,
} from '@pool/message';
import { describe, expect, it } from 'vitest';

const BODY = Buffer.from('hello '.repeat(1000));

describe('CompressionRegistry', () => {
  it.each(createCompressionRegistry().names)('%s gives back what it took, within the limit', (name) => {
    const registry = createCompressionRegistry({ maxDecompressedBytes: BODY.length });
    const { body, contentType } = registry.compress(BODY, name);
    expect(body.length).toBeLessThan(BODY.length);
    expect(Buffer.from(registry.decompress(body, contentType))).toEqual(BODY);
    expect(
      Buffer.from(registry.decompress(registry.compress(Buffer.alloc(0), name).body, name)),
    ).toHaveLength(0);
  });

  it.each(createCompressionRegistry().names)('%s stops at the limit and refuses broken data', (name) => {
    const registry = createCompressionRegistry({ maxDecompressedBytes: BODY.length - 1 });
    const { body } = registry.compress(BODY, name);
    expect(() => registry.decompress(body, name)).toThrow(LimitExceededError);
    const broken = [body.subarray(0, body.length - 5), Buffer.from('nonsense'), Buffer.alloc(0)];
    for (const bytes of broken) {
      expect(() => createCompressionRegistry().decompress(bytes, name)).toThrow(DecodeError);
    }
  });

  it('reads real gzip under the name that Celery gives to zlib', () => {
    const registry = createCompressionRegistry();
    expect(Buffer.from(registry.decompress(gzipSync(BODY), 'application/x-gzip'))).toEqual(BODY);
  });

  it('names what there is when one is missing', () => {
    expect(() => createCompressionRegistry().compress(BODY, 'lzma')).toThrow(CodecNotFoundError);
    expect(() => createCompressionRegistry().decompress(BODY, 'lzma')).toThrow(/Register it first/);
  });

  it('takes more compressions and gives typed errors for whatever they throw', () => {
    const registry = createCompressionRegistry({ maxDecompressedBytes: 10 }).register({
      name: 'lzma',
      contentType: 'application/x-lzma',
      aliases: ['xz'],
      compress: () => {
        throw new Error('no');
      },
      decompress: (body) => (body.length === 0 ? Buffer.alloc(11) : fail()),
    });
    expect(() => registry.compress(BODY, 'xz')).toThrow(EncodeError);
    expect(() => registry.decompress(BODY, 'application/x-lzma')).toThrow(DecodeError);
    expect(() => registry.decompress(Buffer.alloc(0), 'lzma')).toThrow(LimitExceededError);
    function fail(): never {
      throw new Error('no');
    }
  });
});

describe('a codec', () => {
  it('compresses bodies and says so', () => {
    const codec = createCodec();
    const { compression, ...encoded } = codec.encode([1], { compression: 'brotli' });
    expect(compression).toBe('application/x-brotli');
    expect(codec.decode({ ...encoded, headers: { compression } })).toEqual([1]);
    expect(() => codec.decode({ ...encoded, headers: { compression: 5 } })).toThrow(DecodeError);
  });

  it('bounds the body before and after decompression', () => {
    const body = Buffer.from('[1,2,3,4]');
    const plain = { body, contentType: 'application/json', contentEncoding: 'utf-8', headers: {} };
    expect(() => createCodec({ limits: { maxBodyBytes: 8 } }).decode(plain)).toThrow(LimitExceededError);
    const bomb = createCodec().encode('x'.repeat(1000), { compression: 'gzip' });
    const small = createCodec({ limits: { maxDecompressedBytes: 100 } });
    expect(() => small.decode({ ...bomb, headers: { compression: 'gzip' } })).toThrow(LimitExceededError);
    expect(() => createCodec({ limits: { maxDepth: 0 } })).toThrow(TypeError);
  });
});
