import {
  checkHeaders,
  createCodec,
  createSignature,
  customHeaders,
  decodeControlReply,
  decodeControlRequest,
  decodeEnvelope,
  decodeEvents,
  decodeException,
  decodeResult,
  decodeResultTuple,
  decodeTaskBody,
  decodeTaskMessage,
  encodeControlRequest,
  encodeEnvelope,
  encodeResult,
  encodeTaskMessage,
  globMatch,
  isControlRequestExpired,
  isControlRequestFor,
  isTaskMessage,
  LamportClock,
  LimitExceededError,
  type Message,
  MessageError,
  markRedelivered,
  parseIso,
  parseSignature,
  parseTaskHeaders,
  pyRepr,
  upgradeTaskMessage,
} from '@pool/message';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Five tests with this many messages each, about; more with `POOL_FUZZ_RUNS`. A failure prints its seed. */
const RUNS = Number(process.env['POOL_FUZZ_RUNS'] ?? 25_000);

// Nearly every run throws, and nobody reads the stacks.
const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

const codec = createCodec({
  acceptContent: ['json', 'text', 'raw'],
  limits: { maxDepth: 20, maxBodyBytes: 10_000, maxDecompressedBytes: 50_000 },
});
const TYPES = ['application/json', 'text/plain', 'application/data', 'application/x-python-serialize', ''];

let read = 0;
let refused = 0;

/** Runs a decoder; whatever it refuses must be refused by an error of this package. */
function attempt<T>(decode: () => T): T | undefined {
  try {
    const value = decode();
    read++;
    return value;
  } catch (error) {
    if (!MessageError.isInstance(error)) throw error;
    refused++;
    return undefined;
  }
}

/** `expect` costs more than the decoders, and it is called a million times here. */
function holds(condition: boolean): void {
  if (!condition) throw new Error('a decoder gave something of the wrong type');
}

function decodeBody(message: Message): void {
  attempt(() => codec.decode(message));
  // All the others decompress the same way.
  if (message.headers['compression'] !== undefined) return;
  attempt(() => decodeTaskBody(message, { codec }));
  attempt(() => decodeTaskMessage(message, { codec }));
  attempt(() => upgradeTaskMessage(message, { codec }));
  attempt(() => decodeEvents(message, { codec }));
  attempt(() => decodeControlReply(message, { codec }));
  attempt(() =>
    decodeResult(message.body, { codec, contentType: message.contentType, headers: message.headers }),
  );
  const request = attempt(() => decodeControlRequest(message, { codec }));
  if (request !== undefined) {
    isControlRequestExpired(request);
    attempt(() => isControlRequestFor({ ...request, matcher: 'glob' }, 'w1@host'));
  }
}

function decodeHeaders(message: Message): void {
  attempt(() => checkHeaders(message.headers, codec.limits));
  customHeaders(message.headers);
  if (!isTaskMessage(message)) return;
  const headers = attempt(() => parseTaskHeaders(message));
  if (headers === undefined) return;
  holds(typeof headers.task === 'string' && typeof headers.id === 'string' && headers.retries >= 0);
}

function decodeAll(envelope: string | Uint8Array): void {
  const decoded = attempt(() => decodeEnvelope(envelope, codec.limits));
  attempt(() => markRedelivered(envelope, { limits: codec.limits }));
  if (decoded === undefined) return;
  holds(decoded.message.body instanceof Uint8Array && typeof decoded.deliveryTag === 'string');
  decodeHeaders(decoded.message);
  decodeBody(decoded.message);
}

const HOSTILE = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  '__type__',
  '__value__',
  'task',
  'id',
  'args',
  'kwargs',
  'compression',
  'body',
  'headers',
  'properties',
  'delivery_info',
];

/** JSON values as attackers choose them: names that mean something, wrong kinds everywhere, odd numbers. */
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(
      null,
      true,
      0,
      -1,
      1e308,
      2 ** 60,
      '',
      'NaN',
      'application/x-gzip',
      '2026-01-01T00:00:00',
    ),
    fc.string({ maxLength: 6 }),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.array(fc.tuple(fc.constantFrom(...HOSTILE), tie('json')), { maxLength: 4 }).map(Object.fromEntries),
  ),
}));

describe('hostile input', () => {
  it('of random bytes under every content type and compression is refused by name', () => {
    const names = codec.compressions.names;
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom(...TYPES),
        fc.constantFrom(undefined, 'rar', 5, ...names),
        (body, contentType, compression) => {
          decodeBody({
            body,
            contentType,
            contentEncoding: 'utf-8',
            headers: { compression },
            properties: {},
          });
          decodeAll(body);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('of valid JSON that is not what it should be is refused by name', () => {
    fc.assert(
      fc.property(json, json, json, (body, headers, properties) => {
        const text = JSON.stringify(body);
        decodeAll(JSON.stringify({ body: text, 'content-type': 'application/json', headers, properties }));
        decodeAll(text);
        attempt(() => parseSignature(body));
        attempt(() => decodeResultTuple(body));
        decodeException(body);
        pyRepr(body, { tuple: true });
        new LamportClock().adjust(body);
      }),
      { numRuns: RUNS / 2 },
    );
  });

  it('of real messages with damage is refused by name, or read', () => {
    const corpus = [
      encodeTaskMessage({
        task: 'demo.add',
        id: 'a',
        args: [1, 'x', new Date(0), 2n ** 70n, Buffer.from([255])],
        kwargs: { nan: Number.NaN },
        embed: { chain: [createSignature('demo.log')] },
        eta: new Date(0),
      }),
      encodeTaskMessage({ task: 'demo.add', id: 'a' }, { compression: 'gzip' }),
      encodeTaskMessage({ task: 'demo.add', id: 'a', args: ['x'.repeat(50)] }, { compression: 'bzip2' }),
      encodeTaskMessage({ task: 'demo.add', id: 'a' }, { compression: 'brotli' }),
      encodeControlRequest({ method: 'ping', destination: ['w1@host'], clock: 5 }),
      {
        ...encodeControlRequest({ method: 'x' }),
        body: encodeResult({ taskId: 'a', status: 'SUCCESS', result: [1] }),
      },
    ];
    const plain = corpus.map((message) =>
      encodeEnvelope(message, { exchange: '', routingKey: 'k', deliveryTag: 't' }),
    );
    const damage = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      remove: fc.nat(20),
      insert: fc.constantFrom(
        '',
        '"',
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '\\',
        '\\u',
        'NaN',
        '-',
        '9'.repeat(20),
        '"__proto__":',
        '\ud800',
        '\u0000',
      ),
    });
    fc.assert(
      fc.property(
        fc.nat(corpus.length - 1),
        fc.array(damage, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        (index, damages, inBody) => {
          const message = corpus[index] as Message;
          if (inBody) {
            const text = damages.reduce(damaged, Buffer.from(message.body).toString('latin1'));
            decodeBody({ ...message, body: Buffer.from(text, 'latin1') });
          } else {
            decodeAll(damages.reduce(damaged, plain[index] as string));
          }
        },
      ),
      { numRuns: RUNS },
    );

    function damaged(
      text: string,
      { at, remove, insert }: { at: number; remove: number; insert: string },
    ): string {
      const start = Math.floor(at * text.length);
      return text.slice(0, start) + insert + text.slice(start + remove);
    }
  });

  it('in headers of any kind that AMQP has is refused by name', () => {
    const leaf = fc.oneof(
      json,
      fc.date(),
      fc.uint8Array({ maxLength: 4 }),
      fc.double(),
      fc.bigInt(),
      fc.constant(undefined),
    );
    const names = fc.constantFrom(
      'eta',
      'expires',
      'retries',
      'timelimit',
      'group',
      'stamps',
      'stamped_headers',
      'shadow',
      ...HOSTILE,
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(names, leaf), { maxLength: 6 }),
        fc.string({ maxLength: 12 }),
        (entries, pattern) => {
          const headers = { task: 'demo.add', id: 'a', ...Object.fromEntries(entries) };
          decodeHeaders({
            body: Buffer.from('[[],{},{}]'),
            contentType: 'application/json',
            contentEncoding: 'utf-8',
            headers,
            properties: {},
          });
          parseIso(pattern);
          globMatch('w1@host', pattern);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('of the old protocols, and between them, is refused by name, or read', () => {
    const field = fc.constantFrom(
      'task',
      'id',
      'args',
      'kwargs',
      'retries',
      'eta',
      'expires',
      'utc',
      'callbacks',
      'errbacks',
      'chord',
      'taskset',
      'group',
      'timelimit',
      ...HOSTILE,
    );
    const fits = fc.record({
      task: fc.constant('demo.add'),
      id: fc.string(),
      args: fc.array(json),
      kwargs: json,
    });
    const others = fc.array(fc.tuple(field, json), { maxLength: 5 }).map(Object.fromEntries);
    fc.assert(
      fc.property(fits, others, fc.option(json), (task, other, header) => {
        const headers = header === null ? {} : { task: header, id: 'a' };
        const message = {
          body: Buffer.from(JSON.stringify({ ...task, ...other })),
          contentType: 'application/json',
          contentEncoding: 'utf-8',
          headers,
          properties: {},
        };
        const upgraded = attempt(() => upgradeTaskMessage(message, { codec }));
        if (upgraded === undefined) return;
        decodeHeaders(upgraded);
        attempt(() => decodeTaskMessage(upgraded, { codec }));
      }),
      { numRuns: RUNS / 2 },
    );
  });

  it('of values that say of what type they are is refused by name, or read', () => {
    const type = fc.constantFrom(
      'datetime',
      'date',
      'time',
      'decimal',
      'uuid',
      'bytes',
      'base64',
      '__proto__',
      'constructor',
      'eval',
    );
    const tagged = fc.record({ __type__: fc.oneof(type, json), __value__: json });
    const nested = fc.oneof(tagged, fc.record({ __type__: type, __value__: tagged }), fc.array(tagged));
    fc.assert(
      fc.property(nested, (value) => {
        const body = Buffer.from(JSON.stringify([[value], { value }, {}]));
        decodeBody({
          body,
          contentType: 'application/json',
          contentEncoding: 'utf-8',
          headers: {},
          properties: {},
        });
      }),
      { numRuns: RUNS / 5 },
    );
  });

  it('that grows when it is decompressed, or nests without end, stays within its bounds', () => {
    const bombs = new Map(
      codec.compressions.names.map((name) => [
        name,
        // Compressed where the bounds are not, as a stranger does.
        createCodec().encode('x'.repeat(2_000_000), { compression: name }),
      ]),
    );
    for (const [name, bomb] of bombs) {
      expect(bomb.body.length, name).toBeLessThan(10_000);
      const message = { ...bomb, headers: { compression: bomb.compression }, properties: {} };
      expect(() => codec.decode(message), name).toThrow(LimitExceededError);
    }
    fc.assert(
      fc.property(fc.nat(200), fc.constantFrom('[', '{"a":'), fc.nat(200), (depth, open, closed) => {
        const text = open.repeat(depth) + (open === '[' ? ']' : '1}').repeat(closed);
        decodeAll(text);
        decodeAll(
          JSON.stringify({
            body: text,
            'content-type': 'application/json',
            headers: { a: 1 },
            properties: {},
          }),
        );
      }),
      { numRuns: RUNS / 25 },
    );
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const unbounded = createCodec();
    const source = { contentType: 'application/json', contentEncoding: 'utf-8', headers: {}, properties: {} };
    expect(() => unbounded.decode({ ...source, body: Buffer.from(deep) })).toThrow(LimitExceededError);
  });

  it('was neither all read nor all refused, and has changed no prototype', () => {
    expect(read).toBeGreaterThan(RUNS);
    expect(refused).toBeGreaterThan(RUNS);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(Reflect.ownKeys({})).toEqual([]);
    expect(({} as Record<string, unknown>)['task']).toBeUndefined();
  });
});
