import {
  createCodec,
  createEvent,
  createSignature,
  decodeControlRequest,
  decodeEnvelope,
  decodeEvents,
  decodeResult,
  decodeTaskMessage,
  encodeControlRequest,
  encodeEnvelope,
  encodeEvents,
  encodeResult,
  encodeTaskMessage,
  markRedelivered,
  parseSignature,
} from '@pool/message';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** Names that are refused on purpose, and what reads as a typed value, are no data. */
const key = fc.string({ maxLength: 8 }).filter((name) => name !== '__proto__');

const date = fc.date({
  min: new Date('0001-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});

/** Everything the json serializer can carry without loss. JSON has no -0. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.integer(),
    fc.double().map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.boolean(),
    fc.constant(null),
    fc.bigInt().map((integer) => (isSafe(integer) ? Number(integer) : integer)),
    date,
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

function isSafe(integer: bigint): boolean {
  return integer <= BigInt(Number.MAX_SAFE_INTEGER) && integer >= -BigInt(Number.MAX_SAFE_INTEGER);
}

const record = fc.dictionary(key, value, { maxKeys: 4, noNullPrototype: true });
const text = fc.string({ minLength: 1, maxLength: 20 });
const option = { numRuns: 500 };

describe('what is encoded comes back', () => {
  it('as a body, with any compression', () => {
    const codec = createCodec();
    const compressions = fc.constantFrom(undefined, ...codec.compressions.names);
    fc.assert(
      fc.property(value, compressions, (input, compression) => {
        const encoded = codec.encode(input, { compression });
        const headers = { compression: encoded.compression };
        expect(codec.decode({ ...encoded, headers })).toEqual(input);
      }),
      option,
    );
  });

  it('as a task through an envelope, marked as redelivered or not', () => {
    fc.assert(
      fc.property(
        fc.record({
          task: text,
          id: text,
          args: fc.array(value, { maxLength: 4 }),
          kwargs: record,
          eta: fc.option(date),
          retries: fc.nat(),
          timelimit: fc.tuple(fc.option(fc.nat()), fc.option(fc.nat())),
          group: fc.option(text),
          groupIndex: fc.option(fc.nat()),
          rootId: fc.option(text),
          ignoreResult: fc.boolean(),
          stamps: fc.option(
            fc.dictionary(fc.constantFrom('a', 'b'), fc.array(text), { noNullPrototype: true }),
          ),
          replyTo: text,
          priority: fc.nat(9),
        }),
        fc.boolean(),
        (task, redelivered) => {
          const message = encodeTaskMessage(task);
          const envelope = encodeEnvelope(message, { exchange: 'x', routingKey: 'k', deliveryTag: 't' });
          const decoded = decodeEnvelope(redelivered ? markRedelivered(envelope) : envelope);
          expect(decoded.deliveryInfo.redelivered).toBe(redelivered);
          expect(decoded.message.properties).toEqual(message.properties);
          const { headers, args, kwargs } = decodeTaskMessage(decoded.message);
          expect({ args, kwargs }).toEqual({ args: task.args, kwargs: task.kwargs });
          const { eta, retries, timelimit, group, groupIndex, ignoreResult, replyTo } = headers;
          expect({ eta, retries, timelimit, group, groupIndex, ignoreResult, replyTo }).toEqual({
            eta: task.eta,
            retries: task.retries,
            timelimit: task.timelimit,
            group: task.group,
            groupIndex: task.groupIndex,
            ignoreResult: task.ignoreResult,
            replyTo: task.replyTo,
          });
          expect(headers.rootId).toBe(task.rootId ?? task.id);
        },
      ),
      option,
    );
  });

  it('as a signature within a task', () => {
    fc.assert(
      fc.property(
        text,
        fc.array(value, { maxLength: 3 }),
        record,
        fc.boolean(),
        (task, args, kwargs, immutable) => {
          const signature = createSignature(task, { args, kwargs, immutable });
          expect(parseSignature(signature)).toEqual(signature);
          const sent = encodeTaskMessage({ task, id: 'a', embed: { chain: [signature, signature] } });
          const { chain } = decodeTaskMessage(sent).embed;
          // Typed values are still tagged, so it is compared as it travels on.
          const again = encodeTaskMessage({ task, id: 'a', embed: { chain } });
          expect(Buffer.from(again.body).toString()).toBe(Buffer.from(sent.body).toString());
        },
      ),
      option,
    );
  });

  it('as a result, encoded here or elsewhere', () => {
    const { serializers } = createCodec();
    fc.assert(
      fc.property(text, text, value, fc.option(date), (taskId, status, result, dateDone) => {
        const document = { taskId, status, result, dateDone, traceback: null, children: [] };
        expect(decodeResult(encodeResult(document))).toEqual(document);
        const { result: _result, ...rest } = document;
        const encodedResult = serializers.encode(result).body;
        expect(decodeResult(encodeResult({ ...rest, encodedResult }))).toEqual(document);
      }),
      option,
    );
  });

  it('as control requests and events', () => {
    fc.assert(
      fc.property(text, record, (method, fields) => {
        expect(decodeControlRequest(encodeControlRequest({ method, arguments: fields })).arguments).toEqual(
          fields,
        );
        const event = createEvent(method, fields, { hostname: 'h', clock: 1, pid: 1, timestamp: 1 });
        expect(decodeEvents(encodeEvents([event]).message)).toEqual([event]);
      }),
      option,
    );
  });
});
