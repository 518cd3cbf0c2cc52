import {
  createCodec,
  createSerializerRegistry,
  createSignature,
  decodeTaskBody,
  decodeTaskMessage,
  encodeTaskMessage,
  InvalidTaskError,
  type Message,
  upgradeTaskMessage,
} from '@pool/message';
import { describe, expect, it } from 'vitest';

function message(body: unknown, headers: Record<string, unknown> = {}): Message {
  return {
    body: Buffer.from(JSON.stringify(body)),
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    headers,
    properties: { correlationId: 'a' },
  };
}

/** As `as_task_v1` of Celery 5 writes it. */
const OLD = {
  task: 'demo.add',
  id: 'a',
  args: [2, 3],
  kwargs: { z: 1 },
  group: null,
  group_index: null,
  retries: 1,
  eta: '2026-01-01T00:00:00',
  expires: null,
  utc: true,
  callbacks: [createSignature('demo.log')],
  errbacks: null,
  timelimit: [20, 10],
  taskset: 'g',
  chord: createSignature('demo.sum'),
};

describe('a protocol 1 message', () => {
  it('is read from its body', () => {
    const decoded = decodeTaskMessage(message(OLD));
    expect(decoded.args).toEqual([2, 3]);
    expect(decoded.kwargs).toEqual({ z: 1 });
    expect(decoded.embed).toEqual({
      callbacks: OLD.callbacks,
      errbacks: null,
      chain: null,
      chord: OLD.chord,
    });
    expect(decoded.headers).toMatchObject({
      task: 'demo.add',
      id: 'a',
      retries: 1,
      eta: new Date('2026-01-01T00:00:00Z'),
      timelimit: [20, 10],
      group: 'g',
      argsrepr: '(2, 3)',
      kwargsrepr: "{'z': 1}",
    });
  });

  it('becomes one of protocol 2, once', () => {
    const old = message({ ...OLD, args: [{ __type__: 'decimal', __value__: '1.10' }] });
    const upgraded = upgradeTaskMessage(old);
    expect(upgraded.headers).toMatchObject({ task: 'demo.add', id: 'a', retries: 1 });
    expect(upgraded.properties).toBe(old.properties);
    expect(decodeTaskMessage(upgraded)).toEqual(decodeTaskMessage(old));
    expect(JSON.parse(Buffer.from(upgraded.body).toString())[0]).toEqual([
      { __type__: 'decimal', __value__: '1.10' },
    ]);
    expect(upgradeTaskMessage(upgraded)).toBe(upgraded);
  });

  it('in the hybrid form has its headers count for more', () => {
    const hybrid = message(OLD, { task: 'demo.mul', id: 'b' });
    expect(decodeTaskMessage(hybrid).headers).toMatchObject({ task: 'demo.mul', id: 'b', retries: 1 });
    expect(upgradeTaskMessage(hybrid).headers).toMatchObject({ task: 'demo.mul', id: 'b', retries: 1 });
    expect(decodeTaskBody(hybrid).args).toEqual([2, 3]);
  });

  it('keeps its serializer', () => {
    const serializers = createSerializerRegistry();
    const json = serializers.get('json');
    serializers.register({ ...json, name: 'other', contentType: 'application/other' });
    const codec = createCodec({ serializers, acceptContent: ['other'] });
    const old = { ...message(OLD), contentType: 'application/other' };
    const upgraded = upgradeTaskMessage(old, { codec });
    expect(upgraded.contentType).toBe('application/other');
    expect(decodeTaskMessage(upgraded, { codec })).toEqual(decodeTaskMessage(old, { codec }));
  });

  it('may leave out what it does not need', () => {
    expect(decodeTaskMessage(message({ task: 't', id: 'i' }))).toMatchObject({ args: [], kwargs: {} });
  });
});

describe('a body that is none', () => {
  const headers = encodeTaskMessage({ task: 't', id: 'i' }).headers;
  it.each([
    ['body', 'x'],
    ['body', null],
    ['body', [[], {}]],
    ['body', [[], {}, {}, {}]],
    ['args', [{}, {}, {}]],
    ['args', { args: 'x' }],
    ['kwargs', [[], [], {}]],
    ['kwargs', { kwargs: 1 }],
    ['embed', [[], {}, []]],
    ['callbacks[0]', [[], {}, { callbacks: ['x'] }]],
    ['callbacks[0].task', [[], {}, { callbacks: [{}] }]],
    ['errbacks[1].args', [[], {}, { errbacks: [{ task: 't' }, { task: 't', args: 1 }] }]],
    ['chain[0].kwargs', [[], {}, { chain: [{ task: 't', kwargs: [] }] }]],
    ['chord.options', [[], {}, { chord: { task: 't', options: 'x' } }]],
    ['chord.subtask_type', [[], {}, { chord: { task: 't', subtask_type: 1 } }]],
    ['chord.immutable', [[], {}, { chord: { task: 't', immutable: 'no' } }]],
  ])('is an InvalidTaskError for %s: %j', (field, body) => {
    for (const decode of [decodeTaskBody, decodeTaskMessage]) {
      let caught: unknown;
      try {
        decode(message(body, headers));
      } catch (error) {
        caught = error;
      }
      expect(InvalidTaskError.isInstance(caught) && caught.field).toBe(field);
    }
  });

  it('takes no embed for an empty one, and one callback for a list of one', () => {
    expect(decodeTaskBody(message([[], {}, null])).embed.chain).toBeNull();
    expect(decodeTaskBody(message([[], {}, { callbacks: { task: 't' }, chain: [] }])).embed).toEqual({
      callbacks: [createSignature('t')],
      errbacks: null,
      chain: null,
      chord: null,
    });
  });
});
