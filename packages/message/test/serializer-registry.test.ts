import {
  CodecNotFoundError,
  ContentDisallowedError,
  createCodec,
  createSerializerRegistry,
  DecodeError,
  EncodeError,
  LimitExceededError,
  type Serializer,
} from '@pool/message';
import { describe, expect, it } from 'vitest';

const content = (text: string, contentType: string, contentEncoding = 'utf-8') => ({
  body: Buffer.from(text, 'latin1'),
  contentType,
  contentEncoding,
  headers: {},
});

/** Not real YAML: only what the registry does with it matters here. */
function yaml(decode: (text: string) => unknown): Serializer {
  return {
    name: 'yaml',
    contentType: 'application/x-yaml',
    contentEncoding: 'utf-8',
    encode: (value) => Buffer.from(String(value)),
    decode: (body) => decode(Buffer.from(body).toString()),
  };
}

describe('SerializerRegistry', () => {
  it('has json, raw and text', () => {
    const registry = createSerializerRegistry();
    expect(registry.names).toEqual(['json', 'raw', 'text']);
    expect(registry.encode({ a: 1 })).toEqual({
      body: Buffer.from('{"a":1}'),
      contentType: 'application/json',
      contentEncoding: 'utf-8',
    });
    expect(registry.encode(Buffer.from([1]), 'raw')).toMatchObject({ contentType: 'application/data' });
    expect(registry.encode('é', 'text')).toMatchObject({ contentType: 'text/plain' });
    expect(() => registry.encode('é', 'raw')).toThrow(EncodeError);
    expect(() => registry.encode(1, 'text')).toThrow(EncodeError);
  });

  it('decodes text by its encoding', () => {
    const codec = createCodec({ acceptContent: ['text'] });
    expect(codec.decode(content('\xe9', 'text/plain', 'ISO-8859-1'))).toBe('é');
    expect(codec.decode(content('\xc3\xa9', 'text/plain', 'UTF-8'))).toBe('é');
    expect(() => codec.decode(content('\xe9', 'text/plain'))).toThrow(DecodeError);
    expect(() => codec.decode(content('x', 'text/plain', 'klingon'))).toThrow(DecodeError);
  });

  it('refuses what is not accepted before looking at it', () => {
    const codec = createCodec();
    for (const type of ['application/x-python-serialize', 'text/plain', 'application/data', '', 'nonsense']) {
      expect(() => codec.decode(content('x', type))).toThrow(ContentDisallowedError);
    }
    const compressed = { ...content('x', 'text/plain'), headers: { compression: 'application/x-gzip' } };
    expect(() => codec.decode(compressed)).toThrow(ContentDisallowedError);
  });

  it('names what there is when one is missing', () => {
    const registry = createSerializerRegistry();
    expect(() => registry.encode(1, 'yaml')).toThrow(/there are json, raw, text\. Register it first/);
    expect(() => createCodec({ acceptContent: ['yaml'] })).toThrow(CodecNotFoundError);
    const codec = createCodec({ acceptContent: ['application/x-yaml'] });
    expect(() => codec.decode(content('x', 'application/x-yaml'))).toThrow(CodecNotFoundError);
  });

  it('takes more serializers, of this registry alone', () => {
    const serializers = createSerializerRegistry().register(yaml((text) => [text]));
    const codec = createCodec({ serializers, acceptContent: ['yaml'] });
    const encoded = codec.encode('a', { serializer: 'yaml' });
    expect(codec.decode({ ...encoded, headers: {} })).toEqual(['a']);
    expect(createSerializerRegistry().names).not.toContain('yaml');
    expect(() => createSerializerRegistry().register({ ...yaml(String), name: '' })).toThrow(TypeError);
  });

  it('gives typed errors for whatever a serializer throws', () => {
    const broken: Serializer = {
      ...yaml(() => {
        throw new RangeError('bad indent');
      }),
      encode: () => {
        throw new RangeError('no anchors');
      },
    };
    const codec = createCodec({
      serializers: createSerializerRegistry().register(broken),
      acceptContent: ['yaml'],
    });
    expect(() => codec.encode(1, { serializer: 'yaml' })).toThrow(EncodeError);
    expect(() => codec.decode(content('x', 'application/x-yaml'))).toThrow(/yaml serializer.*bad indent/);
    expect(() => codec.decode(content('x', 'application/x-yaml'))).toThrow(DecodeError);
  });

  it('checks what other serializers decode', () => {
    const shared: unknown[] = [];
    const circle: unknown[] = [shared, shared, new Map()];
    circle.push(circle);
    const values: Record<string, unknown> = {
      proto: JSON.parse('{"a":[{"__proto__":1}]}'),
      constructor: JSON.parse('[{"constructor":{"prototype":{}}}]'),
      deep: [[[[]]]],
      circle,
    };
    const serializers = createSerializerRegistry({ limits: { maxDepth: 3 } });
    serializers.register(yaml((text) => values[text]));
    const codec = createCodec({ serializers, acceptContent: ['yaml'] });
    expect(() => codec.decode(content('proto', 'application/x-yaml'))).toThrow(DecodeError);
    expect(() => codec.decode(content('constructor', 'application/x-yaml'))).toThrow(DecodeError);
    expect(() => codec.decode(content('deep', 'application/x-yaml'))).toThrow(LimitExceededError);
    expect(codec.decode(content('circle', 'application/x-yaml'))).toBe(circle);
  });
});
