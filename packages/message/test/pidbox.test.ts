import {
  type ControlRequest,
  DecodeError,
  decodeControlReply,
  decodeControlRequest,
  encodeControlReply,
  encodeControlRequest,
  globMatch,
  isControlRequestExpired,
  isControlRequestFor,
  LamportClock,
  type Message,
  pidboxNames,
} from '@pool/message';
import { describe, expect, it } from 'vitest';

const REPLY_TO = { exchange: 'reply.celery.pidbox', routingKey: 'oid' };

function message(body: unknown, headers: Record<string, unknown> = {}): Message {
  return { ...encodeControlRequest({ method: 'x' }), body: Buffer.from(JSON.stringify(body)), headers };
}

function request(overrides: Partial<ControlRequest>): ControlRequest {
  return { ...decodeControlRequest(encodeControlRequest({ method: 'ping' })), ...overrides };
}

describe('control requests', () => {
  it('are written as kombu writes them', () => {
    const encoded = encodeControlRequest({
      method: 'rate_limit',
      arguments: { task_name: 'demo.add', rate_limit: '10/m' },
      destination: ['w1@host'],
      ticket: 't',
      replyTo: REPLY_TO,
      clock: 5,
      expires: 1.5,
    });
    expect(JSON.parse(Buffer.from(encoded.body).toString())).toEqual({
      method: 'rate_limit',
      arguments: { task_name: 'demo.add', rate_limit: '10/m' },
      destination: ['w1@host'],
      pattern: null,
      matcher: null,
      ticket: 't',
      reply_to: { exchange: 'reply.celery.pidbox', routing_key: 'oid' },
    });
    expect(encoded).toMatchObject({
      headers: { clock: 5, expires: 1.5 },
      properties: { deliveryMode: 2, priority: 0 },
      contentType: 'application/json',
    });
  });

  it('come back as they went', () => {
    const full = {
      method: 'ping',
      arguments: { a: 1 },
      destination: null,
      pattern: 'w*',
      matcher: 'glob',
      ticket: 't',
      replyTo: REPLY_TO,
      clock: 5,
      expires: 10,
    };
    expect(decodeControlRequest(encodeControlRequest(full))).toEqual(full);
    expect(decodeControlRequest(encodeControlRequest({ method: 'ping' }, { compression: 'gzip' }))).toEqual({
      method: 'ping',
      arguments: {},
      destination: null,
      pattern: null,
      matcher: null,
      ticket: null,
      replyTo: null,
      clock: 0,
      expires: 0,
    });
  });

  it.each([
    [[]],
    ['x'],
    [{}],
    [{ method: 5 }],
    [{ method: 'x', arguments: [] }],
    [{ method: 'x', destination: [1] }],
    [{ method: 'x', destination: {} }],
    [{ method: 'x', pattern: 1 }],
    [{ method: 'x', matcher: [] }],
    [{ method: 'x', ticket: {} }],
    [{ method: 'x', reply_to: 'me' }],
    [{ method: 'x', reply_to: { exchange: 'x' } }],
    [{ method: 'x', reply_to: { routing_key: 'x' } }],
  ])('that are none are refused: %j', (body) => {
    expect(() => decodeControlRequest(message(body))).toThrow(DecodeError);
  });

  it('take a single destination, and headers that are no numbers for none', () => {
    const read = decodeControlRequest(
      message({ method: 'x', destination: 'w' }, { clock: 'x', expires: null }),
    );
    expect(read).toMatchObject({ destination: ['w'], clock: 0, expires: 0 });
  });

  it('expire by the clock on the wall', () => {
    expect(isControlRequestExpired(request({ expires: 0 }))).toBe(false);
    expect(isControlRequestExpired(request({ expires: 1 }))).toBe(true);
    expect(isControlRequestExpired(request({ expires: 100 }), 100)).toBe(false);
    expect(isControlRequestExpired(request({ expires: 100 }), 100.1)).toBe(true);
  });

  it('are for the nodes they name or match', () => {
    const isFor = (overrides: Partial<ControlRequest>) => isControlRequestFor(request(overrides), 'w1@host');
    expect(isFor({})).toBe(true);
    expect(isFor({ destination: ['w1@host'] })).toBe(true);
    expect(isFor({ destination: ['w2@host'], pattern: '*', matcher: 'glob' })).toBe(false);
    expect(isFor({ destination: [], pattern: 'w2*', matcher: 'glob' })).toBe(false);
    expect(isFor({ pattern: 'w2*' })).toBe(true);
    expect(isFor({ pattern: 'w1', matcher: 'pcre' })).toBe(true);
    expect(isFor({ pattern: 'host', matcher: 'pcre' })).toBe(false);
    expect(isFor({ pattern: 'w1|x', matcher: 'pcre' })).toBe(true);
  });

  it('with a pattern that is none, or never ends, are refused', () => {
    const node = `${'a'.repeat(40)}!`;
    for (const pattern of ['(', '(a+)+$']) {
      expect(() => isControlRequestFor(request({ pattern, matcher: 'pcre' }), node)).toThrow(DecodeError);
    }
    expect(() => isControlRequestFor(request({ pattern: 'x', matcher: 'sql' }), node)).toThrow(DecodeError);
  });
});

describe('control replies', () => {
  it('come back as they went', () => {
    const reply = { hostname: 'w1@host', value: { ok: 'pong' }, ticket: 't', clock: 9 };
    const encoded = encodeControlReply(reply);
    expect(JSON.parse(Buffer.from(encoded.body).toString())).toEqual({ 'w1@host': { ok: 'pong' } });
    expect(encoded).toMatchObject({ headers: { ticket: 't', clock: 9 }, properties: { deliveryMode: 1 } });
    expect(decodeControlReply(encoded)).toEqual(reply);
  });

  it('that are none are refused', () => {
    for (const body of [[], {}, { a: 1, b: 2 }, 'x']) {
      expect(() => decodeControlReply(message(body))).toThrow(DecodeError);
    }
    expect(decodeControlReply(message({ a: null }))).toEqual({
      hostname: 'a',
      value: null,
      ticket: null,
      clock: 0,
    });
  });
});

describe('globMatch', () => {
  it.each([
    ['w1@host', 'w1@host', true],
    ['w1@host', '*', true],
    ['w1@host', 'w?@h*t', true],
    ['w1@host', 'w?@h*x', false],
    ['w1', 'w[0-9]', true],
    ['w1', 'w[!0-9]', false],
    ['wx', 'w[!0-9]', true],
    ['w-', 'w[-]', true],
    ['w]', 'w[]]', true],
    ['w[', 'w[', true],
    ['a.b', 'a?b', true],
    ['aXb', 'a.b', false],
    ['', '', true],
    ['', '*', true],
    ['a', '', false],
    ['abcabc', '*abc', true],
    ['w1', 'w[', false],
  ])('%j against %j is %s', (value, pattern, expected) => {
    expect(globMatch(value, pattern)).toBe(expected);
  });

  it('ends soon for patterns that make others try for ever', () => {
    expect(globMatch('a'.repeat(1000), `${'*a'.repeat(100)}b`)).toBe(false);
  });
});

describe('LamportClock', () => {
  it('moves past what it hears', () => {
    const clock = new LamportClock();
    expect(clock.forward()).toBe(1);
    expect(clock.adjust(41)).toBe(42);
    expect(clock.adjust(7)).toBe(43);
    expect(clock.value).toBe(43);
  });

  it('cannot be broken by a peer', () => {
    const clock = new LamportClock(5);
    for (const remote of [Number.NaN, Infinity, 1e300, Number.MAX_SAFE_INTEGER, -1, '9', null, undefined]) {
      clock.adjust(remote);
    }
    expect(clock.value).toBe(13);
  });
});

describe('pidboxNames', () => {
  it('are those of kombu', () => {
    const names = pidboxNames();
    expect(names).toMatchObject({ exchange: 'celery.pidbox', replyExchange: 'reply.celery.pidbox' });
    expect(names.queue('w1@host')).toBe('w1@host.celery.pidbox');
    expect(names.replyQueue('oid')).toBe('oid.reply.celery.pidbox');
    expect(pidboxNames('shop').exchange).toBe('shop.pidbox');
  });
});
