import {
  createCodec,
  createSerializerRegistry,
  createSignature,
  customHeaders,
  decodeTaskBody,
  decodeTaskMessage,
  encodeTaskMessage,
  parseTaskHeaders,
  type TaskMessageInput,
} from '@pool/message';
import { describe, expect, it } from 'vitest';

const NOW = Date.UTC(2026, 0, 1);

function input(overrides: Partial<TaskMessageInput> = {}): TaskMessageInput {
  return { task: 'demo.add', id: 'b5b1', args: [2, 3], origin: 'gen1@host', now: NOW, ...overrides };
}

describe('encodeTaskMessage', () => {
  it('writes every header of protocol 2', () => {
    const message = encodeTaskMessage(input());
    expect(message.headers).toEqual({
      lang: 'js',
      task: 'demo.add',
      id: 'b5b1',
      shadow: null,
      eta: null,
      expires: null,
      group: null,
      group_index: null,
      retries: 0,
      timelimit: [null, null],
      root_id: 'b5b1',
      parent_id: null,
      argsrepr: '(2, 3)',
      kwargsrepr: '{}',
      origin: 'gen1@host',
      ignore_result: false,
      replaced_task_nesting: 0,
      stamped_headers: null,
      stamps: {},
    });
    expect(message.properties).toEqual({ correlationId: 'b5b1', replyTo: '', deliveryMode: 2, priority: 0 });
  });

  it('writes the body as args, kwargs and embed', () => {
    const callback = createSignature('demo.log');
    const { body } = encodeTaskMessage(input({ kwargs: { a: 'é' }, embed: { callbacks: [callback] } }));
    expect(JSON.parse(Buffer.from(body).toString())).toEqual([
      [2, 3],
      { a: 'é' },
      { callbacks: [callback], errbacks: null, chain: null, chord: null },
    ]);
  });

  it('counts the expiration for the broker from now, never below zero', () => {
    const expires = (date: Date | string): string | undefined =>
      encodeTaskMessage(input({ expires: date })).properties.expiration;
    expect(expires(new Date(NOW + 60_000))).toBe('60000');
    expect(expires('2026-01-01T02:00:00.5+01:00')).toBe('3600500');
    expect(expires(new Date(NOW - 1))).toBe('0');
  });

  it('says where a task comes from', () => {
    const { origin: _origin, ...anonymous } = input();
    expect(encodeTaskMessage(anonymous).headers['origin']).toMatch(new RegExp(`^gen${process.pid}@.+`));
  });

  it('puts stamps and headers of your own beside those of the protocol', () => {
    const { headers } = encodeTaskMessage(input({ stamps: { tenant: ['a'] }, headers: { trace: 'x' } }));
    expect(headers).toMatchObject({
      stamped_headers: ['tenant'],
      stamps: { tenant: ['a'] },
      tenant: ['a'],
      trace: 'x',
    });
    expect(customHeaders(headers)).toEqual({ trace: 'x' });
  });

  it('refuses misuse at once', () => {
    expect(() => encodeTaskMessage(input({ id: '' }))).toThrow(TypeError);
    expect(() => encodeTaskMessage(input({ task: undefined as never }))).toThrow(TypeError);
    expect(() => encodeTaskMessage(input({ eta: 'tomorrow' }))).toThrow(TypeError);
    expect(() => encodeTaskMessage(input({ expires: new Date(Number.NaN) }))).toThrow(TypeError);
    expect(() => encodeTaskMessage(input({ headers: { id: 'other' } }))).toThrow(TypeError);
    expect(() => encodeTaskMessage(input({ args: 'ab' as never }))).toThrow(TypeError);
    expect(() => encodeTaskMessage(input({ kwargs: [1] as never }))).toThrow(TypeError);
    expect(() => encodeTaskMessage(input(), { serializer: 'yaml' })).toThrow(/No serializer named "yaml"/);
    expect(() => encodeTaskMessage(input(), { compression: 'rar' })).toThrow(/No compression named "rar"/);
  });

  it('names the argument that cannot be sent', () => {
    const encode = (task: Partial<TaskMessageInput>) => () => encodeTaskMessage(input(task));
    expect(encode({ args: [0, { at: new Map() }] })).toThrow(/Map.*at args\[1\]\.at;/);
    expect(encode({ kwargs: { 'a b': Symbol('x') } })).toThrow(/symbol.*at kwargs\["a b"\];/);
    const link = createSignature('demo.log', { args: [() => 1] });
    expect(encode({ embed: { callbacks: [link] } })).toThrow(
      /function.*at embed\.callbacks\[0\]\.args\[0\];/,
    );
  });
});

describe('decodeTaskMessage', () => {
  it('gives back what was encoded', () => {
    const task = input({ kwargs: { when: new Date(NOW) }, eta: new Date(NOW), timelimit: [20, 10] });
    const message = encodeTaskMessage(task, { compression: 'gzip' });
    const decoded = decodeTaskMessage(message);
    expect(decoded.args).toEqual([2, 3]);
    expect(decoded.kwargs).toEqual({ when: new Date(NOW) });
    expect(decoded.headers).toEqual(parseTaskHeaders(message));
    expect(decoded.headers).toMatchObject({ eta: new Date(NOW), timelimit: [20, 10], rootId: 'b5b1' });
    const { headers: _headers, ...body } = decoded;
    expect(decodeTaskBody(message)).toEqual(body);
  });

  it('leaves typed values in signatures tagged, so that they go on as they came', () => {
    const decimal = { __type__: 'decimal', __value__: '1.10' };
    const chain = [createSignature('demo.pay', { args: [decimal, 2n ** 60n] })];
    const first = decodeTaskMessage(encodeTaskMessage(input({ args: [decimal], embed: { chain } })));
    expect(first.args).toEqual(['1.10']);
    expect(first.embed.chain).toEqual(chain);
    const next = first.embed.chain?.at(-1);
    const second = decodeTaskMessage(encodeTaskMessage(input({ args: next?.args })));
    expect(second.args).toEqual(['1.10', 2n ** 60n]);
  });

  it('uses the codec it is given', () => {
    const serializers = createSerializerRegistry({ json: { bigIntegers: 'number' } });
    const message = encodeTaskMessage(input({ args: [2n ** 60n] }));
    expect(decodeTaskMessage(message, { codec: createCodec({ serializers }) }).args).toEqual([2 ** 60]);
  });
});
