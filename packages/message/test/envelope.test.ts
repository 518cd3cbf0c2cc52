import {
  DecodeError,
  decodeEnvelope,
  decodeTaskMessage,
  encodeEnvelope,
  encodeTaskMessage,
  LimitExceededError,
  markRedelivered,
  resolveLimits,
} from '@pool/message';
import { describe, expect, it } from 'vitest';

const ROUTE = { exchange: '', routingKey: 'celery', deliveryTag: 'tag' };

/** As Celery 5.2 wrote it through kombu 5.2. */
const CAPTURED =
  '{"body": "W1syLCAzXSwgeyJcdTAwZTkiOiBbMS41LCBudWxsLCB0cnVlXX0sIHsiY2FsbGJhY2tzIjogbnVsbCwgImVycmJhY2tzIjogbnVsbCwgImNoYWluIjogbnVsbCwgImNob3JkIjogbnVsbH1d", ' +
  '"content-encoding": "utf-8", "content-type": "application/json", "headers": {"lang": "py", "task": "demo.add", ' +
  '"id": "d86aedc6-dc62-4977-ae22-8f20c0563b24", "shadow": null, "eta": "2026-11-21T02:03:54.184985+00:00", ' +
  '"expires": "2026-11-21T02:04:44.184985+00:00", "group": null, "group_index": null, "retries": 0, ' +
  '"timelimit": [null, null], "root_id": "d86aedc6-dc62-4977-ae22-8f20c0563b24", "parent_id": null, ' +
  '"argsrepr": "(2, 3)", "kwargsrepr": "{\'\\u00e9\': [1.5, None, True]}", "origin": "gen6489@vm", ' +
  '"ignore_result": false}, "properties": {"correlation_id": "d86aedc6-dc62-4977-ae22-8f20c0563b24", ' +
  '"reply_to": "b312a532-ffba-3465-8982-b74ff6b9236d", "delivery_mode": 2, "expiration": "60000", ' +
  '"delivery_info": {"exchange": "", "routing_key": "celery"}, "priority": 5, "body_encoding": "base64", ' +
  '"delivery_tag": "81756b8f-d6a9-4049-a866-0bf67939a5cd"}}';

function decode(envelope: unknown) {
  return decodeEnvelope(JSON.stringify(envelope));
}

describe('decodeEnvelope', () => {
  it('reads what kombu wrote, as text and as bytes', () => {
    const decoded = decodeEnvelope(CAPTURED);
    expect(decoded).toMatchObject({
      deliveryTag: '81756b8f-d6a9-4049-a866-0bf67939a5cd',
      deliveryInfo: { exchange: '', routingKey: 'celery', redelivered: false },
    });
    expect(decoded.message).toMatchObject({
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      properties: {
        correlationId: 'd86aedc6-dc62-4977-ae22-8f20c0563b24',
        replyTo: 'b312a532-ffba-3465-8982-b74ff6b9236d',
        priority: 5,
        deliveryMode: 2,
        expiration: '60000',
      },
    });
    expect(decoded.message.properties).not.toHaveProperty('extra');
    expect(decodeTaskMessage(decoded.message)).toMatchObject({
      args: [2, 3],
      kwargs: { é: [1.5, null, true] },
    });
    expect(decodeEnvelope(Buffer.from(CAPTURED))).toEqual(decoded);
  });

  it('gives a default to all that is missing', () => {
    expect(decode({ properties: {} })).toEqual({
      message: {
        body: Buffer.alloc(0),
        contentType: 'application/data',
        contentEncoding: 'utf-8',
        headers: {},
        properties: {},
      },
      deliveryInfo: { exchange: '', routingKey: '', redelivered: false },
      deliveryTag: '',
      deliveryCount: 0,
    });
    expect(
      decode({ body: null, headers: null, properties: { delivery_info: null, priority: null } }),
    ).toEqual(decode({ properties: {} }));
  });

  it('takes a body without a known encoding as text', () => {
    for (const encoding of [undefined, null, 'utf-8']) {
      const { message } = decode({ body: '[é]', properties: { body_encoding: encoding } });
      expect(Buffer.from(message.body).toString()).toBe('[é]');
    }
  });

  it('finds the mark of a redelivery wherever kombu puts it', () => {
    for (const marked of [
      { body: '', redelivered: true },
      { headers: { redelivered: true } },
      { properties: { delivery_info: { redelivered: true } } },
    ]) {
      expect(decode(marked).deliveryInfo.redelivered).toBe(true);
    }
  });

  it('keeps properties that are rare or unknown', () => {
    const properties = {
      message_id: 'm',
      timestamp: 5,
      type: 't',
      user_id: 'u',
      app_id: 'a',
      cluster_id: 'c',
      own: [1],
    };
    const { message } = decode({ properties });
    expect(message.properties).toMatchObject({
      messageId: 'm',
      timestamp: 5,
      type: 't',
      userId: 'u',
      appId: 'a',
      clusterId: 'c',
      extra: { own: [1] },
    });
    const again = JSON.parse(encodeEnvelope(message, ROUTE)) as { properties: object };
    expect(again.properties).toMatchObject(properties);
  });

  it('takes numbers where brokers and producers send them', () => {
    const decoded = decode({ properties: { delivery_tag: 7, expiration: 5000 } });
    expect(decoded.deliveryTag).toBe('7');
    expect(decoded.message.properties.expiration).toBe('5000');
  });

  it.each([
    '',
    'null',
    '[]',
    '"x"',
    '{',
    '{}',
    '{"task": "x", "args": [1]}',
    '{"body": 5}',
    '{"body": {}}',
    '{"headers": []}',
    '{"properties": "x"}',
    '{"content-type": 5}',
    '{"content-encoding": []}',
    '{"properties": {"delivery_info": "x"}}',
    '{"properties": {"delivery_info": {"exchange": 1}}}',
    '{"properties": {"delivery_tag": {}}}',
    '{"properties": {"priority": "high"}}',
    '{"properties": {"correlation_id": 5}}',
    '{"properties": {"expiration": []}}',
    '{"headers": {"__proto__": {"task": "x"}}}',
    '{"headers": {"a": [{"__pr\\u006fto__": 1}]}}',
    '{"properties": {"constructor": {"prototype": 1}}}',
  ])('refuses %s', (text) => {
    expect(() => decodeEnvelope(text)).toThrow(DecodeError);
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(() => decodeEnvelope(Buffer.from([0x7b, 0xff, 0x7d]))).toThrow(DecodeError);
  });

  it('reads headers into which Python wrote NaN', () => {
    expect(decodeEnvelope('{"headers": {"load": NaN}}').message.headers).toEqual({ load: Number.NaN });
  });

  it('keeps every limit', () => {
    const limits = resolveLimits({ maxBodyBytes: 10, maxHeaderBytes: 300, maxHeaders: 3, maxDepth: 4 });
    const nested = '['.repeat(3) + ']'.repeat(3);
    const fits = [
      { body: 'A'.repeat(10) },
      { body: 'QUFBQUFBQUFBQQ==', properties: { body_encoding: 'base64' } },
      { headers: { a: 1, b: 2, c: 3 } },
      { headers: { a: 'x'.repeat(200) } },
    ];
    for (const envelope of fits) {
      expect(() => decodeEnvelope(JSON.stringify(envelope), limits)).not.toThrow();
    }
    const breaks = [
      { body: 'A'.repeat(11) },
      { body: 'QUFBQUFBQUFBQUE=', properties: { body_encoding: 'base64' } },
      { headers: { a: 1, b: 2, c: 3, d: 4 } },
      { headers: { a: 'x'.repeat(300) } },
      { body: 'A'.repeat(1000) },
      { headers: { a: JSON.parse(nested) as unknown } },
    ];
    for (const envelope of breaks) {
      expect(() => decodeEnvelope(JSON.stringify(envelope), limits)).toThrow(LimitExceededError);
    }
    expect(() => decodeEnvelope(`{"headers":${'['.repeat(1e5)}${']'.repeat(1e5)}}`)).toThrow(
      LimitExceededError,
    );
    expect(() => decodeEnvelope(`{"headers":{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}}`)).toThrow(
      LimitExceededError,
    );
  });
});

describe('encodeEnvelope', () => {
  it('writes every field that kombu needs', () => {
    const message = encodeTaskMessage({ task: 'demo.add', id: 'a', args: ['é'], replyTo: 'r', priority: 3 });
    const envelope = encodeEnvelope(message, { exchange: 'x', routingKey: 'k', deliveryTag: 't' });
    expect(JSON.parse(envelope)).toEqual({
      body: Buffer.from(message.body).toString('base64'),
      'content-encoding': 'utf-8',
      'content-type': 'application/json',
      headers: message.headers,
      properties: {
        correlation_id: 'a',
        reply_to: 'r',
        delivery_mode: 2,
        delivery_info: { exchange: 'x', routing_key: 'k' },
        priority: 3,
        body_encoding: 'base64',
        delivery_tag: 't',
      },
    });
    expect(decodeEnvelope(envelope).message).toEqual(message);
  });

  it('can say that it is a redelivery', () => {
    const message = encodeTaskMessage({ task: 'demo.add', id: 'a' });
    const envelope = encodeEnvelope(message, { ...ROUTE, redelivered: true });
    expect(decodeEnvelope(envelope).deliveryInfo.redelivered).toBe(true);
  });

  it('takes typed values in headers and names the header that has no form', () => {
    const message = encodeTaskMessage({ task: 't', id: 'i', headers: { at: new Date(0), big: 2n ** 60n } });
    const { headers } = JSON.parse(encodeEnvelope(message, ROUTE)) as { headers: Record<string, unknown> };
    expect(headers['at']).toMatchObject({ __type__: 'datetime' });
    const bad = encodeTaskMessage({ task: 't', id: 'i', headers: { f: [() => 1] } });
    expect(() => encodeEnvelope(bad, ROUTE)).toThrow(/function.*at f\[0\]/);
  });
});

describe('markRedelivered', () => {
  it('changes nothing but the marks', () => {
    const marked = markRedelivered(CAPTURED);
    const expected = JSON.parse(CAPTURED) as { headers: object; properties: { delivery_info: object } };
    Object.assign(expected.headers, { redelivered: true });
    Object.assign(expected.properties.delivery_info, { redelivered: true });
    expect(JSON.parse(marked)).toEqual(expected);
    expect(decodeEnvelope(marked).deliveryInfo.redelivered).toBe(true);
    expect(markRedelivered(Buffer.from(marked))).toBe(marked);
    expect(markRedelivered('{"headers": {"n": 1234567890123456789}}')).toContain('"n":1234567890123456789');
    expect(() => markRedelivered('[]')).toThrow(DecodeError);
  });

  it('counts deliveries where readers carry it along, and reads its own count', () => {
    const twice = markRedelivered(CAPTURED, { deliveryCount: 2 });
    expect(decodeEnvelope(twice)).toMatchObject({ deliveryCount: 2, deliveryInfo: { redelivered: true } });
    expect(decodeEnvelope(twice).message.properties).toEqual(decodeEnvelope(CAPTURED).message.properties);
    expect(JSON.parse(twice)).toMatchObject({ properties: { x_delivery_count: 2 } });
    expect(decodeEnvelope(markRedelivered(twice)).deliveryCount).toBe(2);
    expect(decodeEnvelope(CAPTURED).deliveryCount).toBe(0);
    expect(decodeEnvelope(markRedelivered(CAPTURED)).deliveryCount).toBe(1);
    expect(
      decodeEnvelope(twice.replace('"x_delivery_count":2', '"x_delivery_count":"a"')).deliveryCount,
    ).toBe(1);
  });
});
