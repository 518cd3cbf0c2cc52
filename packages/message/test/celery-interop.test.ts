import {
  createCodec,
  createEvent,
  createSerializerRegistry,
  createSignature,
  decodeControlRequest,
  decodeEnvelope,
  decodeException,
  decodeResult,
  decodeTaskMessage,
  encodeControlRequest,
  encodeEnvelope,
  encodeEvents,
  encodeException,
  encodeResult,
  encodeTaskMessage,
  isControlRequestFor,
  type Message,
  markRedelivered,
  typedValue,
  uuidValue,
} from '@pool/message';
import { describe, expect, it } from 'vitest';
import { askCelery, celeryVersion, type PeerRequest } from './celery-peer.js';

const version = celeryVersion();
/** Older ones do not know typed values; what newer ones write is also captured in json-serializer.test.ts. */
const typed = version !== null && (version.kombu[0] > 5 || version.kombu[1] >= 3);
/** Shown with the name of what is skipped. */
const missing = version === null ? ' (skipped: /usr/bin/python3 has no celery)' : '';
const ROUTE = { exchange: '', routingKey: 'celery', deliveryTag: 'tag-1' };

function envelope(message: Message): string {
  return encodeEnvelope(message, ROUTE);
}

function ask<T = Record<string, unknown>>(request: PeerRequest): T {
  return askCelery<T>([request])[0] as T;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

describe.skipIf(version === null)(`a task of ours, read by Celery${missing}`, () => {
  const task = {
    task: 'demo.add',
    id: 'id-1',
    args: [1, 'é😀', [null, true, 1.5], -(2n ** 70n)],
    kwargs: { nested: { a: [{}] }, nan: Number.NaN },
    embed: { callbacks: [createSignature('demo.log', { args: [1] })] },
    eta: new Date('2026-01-01T00:00:00.123Z'),
    expires: new Date('2036-01-01T00:00:00Z'),
    timelimit: [20, 10] as [number, number],
    rootId: 'root',
    parentId: 'parent',
    group: 'group',
    retries: 2,
    replyTo: 'reply',
    priority: 3,
    stamps: { tenant: ['x'] },
    headers: { own: 1 },
  };
  const expected = {
    name: 'demo.add',
    id: 'id-1',
    embed: {
      callbacks: [createSignature('demo.log', { args: [1] })],
      errbacks: null,
      chain: null,
      chord: null,
    },
    eta: '2026-01-01T00:00:00.123000+00:00',
    expires: '2036-01-01T00:00:00+00:00',
    time_limits: [20, 10],
    root_id: 'root',
    parent_id: 'parent',
    group: 'group',
    retries: 2,
    correlation_id: 'id-1',
    reply_to: 'reply',
    delivery_tag: 'tag-1',
  };

  it('arrives whole, compressed or not', () => {
    for (const compression of [undefined, 'gzip']) {
      const read = ask({ op: 'read_task', envelope: envelope(encodeTaskMessage(task, { compression })) });
      expect(read).toMatchObject(expected);
      expect(read['delivery_info']).toMatchObject({ exchange: '', routing_key: 'celery', priority: 3 });
      expect(read['args']).toEqual([1, 'é😀', [null, true, 1.5], -(2n ** 70n)]);
      expect(read['kwargs']).toEqual(task.kwargs);
      expect(read['argsrepr']).toBe("(1, 'é😀', [None, True, 1.5], -1180591620717411303424)");
    }
  });

  it('is seen as redelivered when marked', () => {
    const plain = encodeTaskMessage({ task: 'demo.add', id: 'a' });
    const read = ask({ op: 'read_task', envelope: markRedelivered(envelope(plain)) });
    expect(read['delivery_info']).toMatchObject({ redelivered: true });
  });
});

describe.skipIf(version === null)(`a task of Celery, read by us${missing}`, () => {
  it('arrives whole with ETA, expiry, priority, link and compression', () => {
    const [sent] = ask<string[]>({
      op: 'send_task',
      args: [2, 3],
      kwargs: { é: [1.5, null] },
      options: {
        countdown: 10,
        expires: 60,
        priority: 5,
        compression: 'zlib',
        task_id: 'id-2',
        time_limit: 20,
        soft_time_limit: 10,
        link: [createSignature('demo.log')],
        headers: { own: 'x' },
      },
    });
    const { message, deliveryInfo, deliveryTag } = decodeEnvelope(sent as string);
    const decoded = decodeTaskMessage(message);
    expect(deliveryTag).toMatch(/^[0-9a-f-]{36}$/);
    expect(deliveryInfo).toEqual({ exchange: '', routingKey: 'celery', redelivered: false });
    expect(message.properties).toMatchObject({ priority: 5, expiration: '60000', deliveryMode: 2 });
    expect(decoded.args).toEqual([2, 3]);
    expect(decoded.kwargs).toEqual({ é: [1.5, null] });
    expect(decoded.embed.callbacks).toMatchObject([{ task: 'demo.log' }]);
    expect(decoded.headers).toMatchObject({ lang: 'py', task: 'demo.add', id: 'id-2', timelimit: [20, 10] });
    expect(decoded.headers.eta?.getTime()).toBeGreaterThan(Date.now());
  });

  it('has the same headers and properties as ours', () => {
    const [sent] = ask<string[]>({ op: 'send_task', args: [], kwargs: {}, options: { expires: 60 } });
    const theirs = JSON.parse(sent as string) as Record<string, object>;
    const ours = JSON.parse(
      envelope(encodeTaskMessage({ task: 'demo.add', id: 'a', expires: new Date(Date.now() + 1000) })),
    ) as Record<string, object>;
    expect(Object.keys(ours)).toEqual(Object.keys(theirs));
    expect(Object.keys(ours['properties'] ?? {}).sort()).toEqual(
      Object.keys(theirs['properties'] ?? {}).sort(),
    );
    expect(Object.keys(ours['headers'] ?? {})).toEqual(
      expect.arrayContaining(Object.keys(theirs['headers'] ?? {})),
    );
  });
});

describe.skipIf(version === null)(`values${missing}`, () => {
  it('of Python are read, NaN, infinities and big integers included', () => {
    const codec = createCodec();
    const cases: [string, unknown][] = [
      ["[1, 2.5, 'é', None, True, {'a': []}]", [1, 2.5, 'é', null, true, { a: [] }]],
      ["[float('nan'), float('inf'), -float('inf'), 'NaN']", [Number.NaN, Infinity, -Infinity, 'NaN']],
      ['[2**64, -2**64, 2**53 - 1, 1e300]', [2n ** 64n, -(2n ** 64n), 2 ** 53 - 1, 1e300]],
    ];
    const answers = askCelery<{ body: string }>(cases.map(([value]) => ({ op: 'write_value', value })));
    for (const [index, [, expected]] of cases.entries()) {
      const body = Buffer.from(answers[index]?.body ?? '', 'base64');
      const content = { body, contentType: 'application/json', contentEncoding: 'utf-8', headers: {} };
      expect(codec.decode(content)).toEqual(expected);
    }
  });

  it('of ours are read by Python', () => {
    const { serializers } = createCodec();
    const cases: [unknown, string][] = [
      [[1, -0.5, 'é😀', null, true], "[1, -0.5, 'é😀', None, True]"],
      [[2n ** 64n, 1e20, 1e300], '[18446744073709551616, 1e+20, 1e+300]'],
      [[Number.NaN, Infinity, -Infinity], '[nan, inf, -inf]'],
      [{ '\ud800': '\udc00' }, "{'\\ud800': '\\udc00'}"],
    ];
    expect(readAll(cases.map(([value]) => serializers.encode(value).body))).toEqual(
      cases.map(([, expected]) => expected),
    );
  });

  it('of ours without types are read by kombu of any version', () => {
    const { encode } = createSerializerRegistry({ json: { typed: false } }).get('json');
    expect(readAll([encode(new Date('2026-01-01T00:00:00Z'))])).toEqual([
      "'2026-01-01T00:00:00.000000+00:00'",
    ]);
  });

  if (typed)
    it('with types are read by Python', () => {
      const { serializers } = createCodec();
      const cases: [unknown, string][] = [
        [
          new Date('2026-01-01T00:00:00.5Z'),
          'datetime.datetime(2026, 1, 1, 0, 0, 0, 500000, tzinfo=datetime.timezone.utc)',
        ],
        [Buffer.from('é'), "b'\\xc3\\xa9'"],
        [Buffer.from([255, 0]), "b'\\xff\\x00'"],
        [uuidValue('12345678-1234-4678-8234-567812345678'), "UUID('12345678-1234-4678-8234-567812345678')"],
        [typedValue('decimal', '1.10'), "Decimal('1.10')"],
        [typedValue('date', '2026-01-02'), 'datetime.date(2026, 1, 2)'],
        [typedValue('time', '01:02:03'), 'datetime.time(1, 2, 3)'],
      ];
      expect(readAll(cases.map(([value]) => serializers.encode(value).body))).toEqual(
        cases.map(([, expected]) => expected),
      );
    });

  if (typed)
    it('with types of Python are read', () => {
      const codec = createCodec();
      const value = `{'d': __import__('datetime').datetime(2026, 1, 1, 0, 0, 0, 123456, __import__('datetime').timezone.utc),
      'b': b'hi', 'c': b'\\xff', 'n': __import__('decimal').Decimal('1.10'),
      'u': __import__('uuid').UUID(int=1), 'day': __import__('datetime').date(2026, 1, 2)}`;
      const { body } = ask<{ body: string }>({ op: 'write_value', value });
      const content = { contentType: 'application/json', contentEncoding: 'utf-8', headers: {} };
      expect(codec.decode({ body: Buffer.from(body, 'base64'), ...content })).toEqual({
        d: new Date('2026-01-01T00:00:00.123Z'),
        b: Buffer.from('hi'),
        c: Buffer.from([255]),
        n: '1.10',
        u: '00000000-0000-0000-0000-000000000001',
        day: '2026-01-02',
      });
    });

  function readAll(bodies: Uint8Array[]): string[] {
    return askCelery<string>(
      bodies.map((body) => ({
        op: 'read_value',
        body: base64(body),
        content_type: 'application/json',
        content_encoding: 'utf-8',
      })),
    );
  }
});

describe.skipIf(version === null)(`compression${missing}`, () => {
  const body = Buffer.from('a long text, a long text, a long text, é');
  it.each(['gzip', 'zlib', 'bzip2'])('%s works both ways', (name) => {
    const { compressions } = createCodec();
    const ours = compressions.compress(body, name);
    const [read, theirs] = askCelery([
      { op: 'read_compressed', name: ours.contentType, body: base64(ours.body) },
      { op: 'write_compressed', name, body: base64(body) },
    ]) as [string, { body: string; content_type: string }];
    expect(read).toBe(base64(body));
    const plain = compressions.decompress(Buffer.from(theirs.body, 'base64'), theirs.content_type);
    expect(base64(plain)).toBe(base64(body));
  });
});

describe.skipIf(version === null)(`results${missing}`, () => {
  const dateDone = new Date('2026-01-01T00:00:00.5Z');

  it('of ours are what a Python AsyncResult shows', () => {
    const error = encodeException({ type: 'ValueError', message: 'bad' });
    const foreign = encodeException({ type: 'OutOfCheeseError', message: 'bad' });
    const lost = encodeException({ type: 'WorkerLostError', message: 'gone' });
    const [success, failure, unknown, worker] = askCelery<Record<string, unknown>>([
      {
        op: 'read_result',
        id: 'a',
        body: base64(encodeResult({ taskId: 'a', status: 'SUCCESS', result: [1], dateDone })),
      },
      {
        op: 'read_result',
        id: 'a',
        body: base64(encodeResult({ taskId: 'a', status: 'FAILURE', result: error, traceback: 'tb' })),
      },
      {
        op: 'read_result',
        id: 'a',
        body: base64(encodeResult({ taskId: 'a', status: 'FAILURE', result: foreign })),
      },
      {
        op: 'read_result',
        id: 'a',
        body: base64(encodeResult({ taskId: 'a', status: 'FAILURE', result: lost })),
      },
    ]);
    expect(success).toMatchObject({ status: 'SUCCESS', result: '[1]', children: [] });
    expect(success?.['date_done']).toMatch(/^2026-01-01 00:00:00\.500000/);
    expect(failure).toMatchObject({ type: 'ValueError', module: 'builtins', traceback: 'tb' });
    expect(failure?.['result']).toBe("ValueError('bad')");
    expect(unknown).toMatchObject({ type: 'OutOfCheeseError' });
    expect(unknown?.['result']).toContain('bad');
    expect(worker).toMatchObject({ type: 'WorkerLostError', module: 'billiard.exceptions' });
  });

  it('of Celery are read', () => {
    const answers = askCelery<{ body: string }>([
      { op: 'write_result', id: 'a', result: { x: [1, null] }, status: 'SUCCESS' },
      { op: 'write_result', id: 'a', error: ['ValueError', ['bad', 1]] },
    ]);
    const [success, failure] = answers.map(({ body }) => decodeResult(Buffer.from(body, 'base64')));
    expect(success).toMatchObject({ taskId: 'a', status: 'SUCCESS', result: { x: [1, null] }, children: [] });
    expect(success?.dateDone).toBeInstanceOf(Date);
    expect(Math.abs((success?.dateDone?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(decodeException(failure?.result)).toEqual({
      type: 'ValueError',
      message: 'bad, 1',
      args: ['bad', 1],
      module: 'builtins',
    });
  });
});

describe.skipIf(version === null)(`remote control${missing}`, () => {
  const nodes = ['w1@host', 'w2@host'];
  const replyTo = { exchange: 'reply.celery.pidbox', routingKey: 'oid' };

  it('requests of ours reach the nodes they are for, and our own reading agrees', () => {
    const requests = [
      { method: 'ping', replyTo, ticket: 't', arguments: { n: 1 }, clock: 7 },
      { method: 'ping', replyTo, destination: ['w2@host'] },
      { method: 'ping', replyTo, pattern: 'w1@*', matcher: 'glob' },
      { method: 'ping', replyTo, pattern: 'w[12]@ho[!x]t', matcher: 'glob' },
      { method: 'ping', replyTo, pattern: 'w2', matcher: 'pcre' },
    ].map((request) => encodeControlRequest(request));
    const answers = askCelery<{ answers: Record<string, Record<string, unknown>> }>(
      requests.map((message) => ({ op: 'control', envelope: envelope(message), nodes })),
    );
    for (const [index, message] of requests.entries()) {
      const request = decodeControlRequest(message);
      expect(Object.keys(answers[index]?.answers ?? {})).toEqual(
        nodes.filter((node) => isControlRequestFor(request, node)),
      );
    }
    expect(answers[0]?.answers['w1@host']).toEqual({
      data: { 'w1@host': { ok: 'pong', n: 1 } },
      exchange: replyTo.exchange,
      routing_key: 'oid',
      ticket: 't',
    });
  });

  it('requests of Celery are read', () => {
    const [sent] = ask<string[]>({
      op: 'send_control',
      method: 'ping',
      arguments: { n: 1 },
      destination: ['w1@host'],
    });
    const { message, deliveryInfo } = decodeEnvelope(sent as string);
    expect(deliveryInfo.exchange).toBe('celery.pidbox');
    const request = decodeControlRequest(message);
    expect(request).toMatchObject({ method: 'ping', arguments: { n: 1 }, destination: ['w1@host'] });
    expect(request.replyTo).toEqual({ exchange: 'reply.celery.pidbox', routingKey: expect.any(String) });
    expect(request.ticket).toEqual(expect.any(String));
    expect(request.clock).toBeGreaterThan(0);
    expect(request.expires).toBeGreaterThan(0);
  });
});

describe.skipIf(version === null)(`events${missing}`, () => {
  it('of ours give a Python monitor its picture, alone and in batches', () => {
    const source = { hostname: 'w1@host', clock: 3 };
    const batch = [
      createEvent('task-received', { uuid: 'a', name: 'demo.add', args: '(1,)', kwargs: '{}' }, source),
      createEvent('task-started', { uuid: 'a' }, { ...source, clock: 4 }),
    ];
    const heartbeat = createEvent(
      'worker-heartbeat',
      { freq: 2, active: 0, processed: 1, loadavg: [0, 0, 0] },
      source,
    );
    const [tasks, workers] = askCelery<Record<string, unknown>>([
      { op: 'read_events', envelope: envelope(encodeEvents(batch).message) },
      { op: 'read_events', envelope: envelope(encodeEvents(heartbeat).message) },
    ]);
    expect(tasks).toMatchObject({ tasks: { a: ['STARTED', 'demo.add', 'w1@host'] }, group: 'task' });
    expect(workers).toMatchObject({ workers: ['w1@host'], group: 'worker' });
    for (const key of (workers?.['keys'] ?? []) as string[]) expect(heartbeat).toHaveProperty(key);
  });
});
