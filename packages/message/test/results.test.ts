import {
  ALL_STATES,
  ContentDisallowedError,
  chordCounterKey,
  compareStates,
  createCodec,
  DecodeError,
  decodeException,
  decodeResult,
  decodeResultTuple,
  EncodeError,
  encodeException,
  encodeResult,
  encodeResultTuple,
  exceptionModule,
  groupResultKey,
  LimitExceededError,
  NODE_EXCEPTION_MODULE,
  READY_STATES,
  type ResultInput,
  type ResultNode,
  redisChordKeys,
  taskResultKey,
} from '@pool/message';
import { describe, expect, it } from 'vitest';

const DATE = new Date('2026-01-01T00:00:00.5Z');

function text(input: ResultInput): string {
  return Buffer.from(encodeResult(input)).toString();
}

function read(document: unknown) {
  return decodeResult(Buffer.from(JSON.stringify(document)));
}

describe('encodeResult', () => {
  it('writes the fields of Celery', () => {
    expect(JSON.parse(text({ taskId: 'a', status: 'SUCCESS', result: 5, dateDone: DATE }))).toEqual({
      status: 'SUCCESS',
      result: 5,
      traceback: null,
      children: [],
      date_done: '2026-01-01T00:00:00.500000+00:00',
      task_id: 'a',
    });
  });

  it('writes extended results, group and parent when they are given', () => {
    const child: ResultNode = { id: 'c', parent: { id: 'p', parent: null, results: null }, results: null };
    const full: ResultInput = {
      taskId: 'a',
      status: 'PROGRESS',
      result: { done: 5 },
      children: [child],
      groupId: 'g',
      parentId: 'p',
      name: 'demo.add',
      args: [1],
      kwargs: {},
      worker: 'w@h',
      retries: 1,
      queue: 'q',
      extra: { tenant: ['x'] },
    };
    expect(JSON.parse(text(full))).toEqual({
      status: 'PROGRESS',
      result: { done: 5 },
      traceback: null,
      children: [[['c', [['p', null], null]], null]],
      date_done: null,
      group_id: 'g',
      parent_id: 'p',
      name: 'demo.add',
      args: [1],
      kwargs: {},
      worker: 'w@h',
      retries: 1,
      queue: 'q',
      tenant: ['x'],
      task_id: 'a',
    });
    expect(decodeResult(encodeResult(full))).toEqual({ ...full, traceback: null, dateDone: null });
  });

  it('takes a result that was encoded elsewhere as it is', () => {
    const result = { when: DATE, n: [1, 'é'] };
    const encodedResult = createCodec().encode(result).body;
    const input = { taskId: 'a', status: 'SUCCESS', dateDone: DATE, name: 'x' };
    expect(decodeResult(encodeResult({ ...input, encodedResult }))).toEqual(
      decodeResult(encodeResult({ ...input, result })),
    );
    expect(() => encodeResult({ ...input, encodedResult }, { serializer: 'text' })).toThrow(EncodeError);
  });

  it('names the place of what cannot be stored', () => {
    expect(() => encodeResult({ taskId: 'a', status: 'SUCCESS', result: [new Map()] })).toThrow(
      /Map.*at result\[0\]/,
    );
  });
});

describe('decodeResult', () => {
  it('reads what Celery 5.2 stored', () => {
    const stored =
      '{"status": "FAILURE", "result": {"exc_type": "ValueError", "exc_message": ["bad", 1], "exc_module": "builtins"}, ' +
      '"traceback": "Traceback \\u2026", "children": null, "date_done": "2026-11-21T02:52:58.362467", "task_id": "a"}';
    expect(decodeResult(Buffer.from(stored))).toEqual({
      taskId: 'a',
      status: 'FAILURE',
      result: { exc_type: 'ValueError', exc_message: ['bad', 1], exc_module: 'builtins' },
      traceback: 'Traceback …',
      children: [],
      dateDone: new Date('2026-11-21T02:52:58.362Z'),
    });
  });

  it('reads compressed results and other serializers only when it is told to', () => {
    const codec = createCodec({ acceptContent: ['json', 'text'] });
    const { body, compression } = codec.encode({ task_id: 'a', status: 'PENDING' }, { compression: 'gzip' });
    expect(decodeResult(body, { headers: { compression } })).toMatchObject({
      taskId: 'a',
      status: 'PENDING',
    });
    expect(() => decodeResult(body, { contentType: 'text/plain' })).toThrow(ContentDisallowedError);
    expect(() => decodeResult(Buffer.from('x'), { codec, contentType: 'text/plain' })).toThrow(DecodeError);
  });

  const base = { status: 'SUCCESS', task_id: 'a' };
  it.each([
    [null],
    [[]],
    [{}],
    [{ ...base, status: '' }],
    [{ ...base, task_id: 5 }],
    [{ ...base, traceback: [] }],
    [{ ...base, children: 'x' }],
    [{ ...base, children: [{}] }],
    [{ ...base, date_done: 'yesterday' }],
    [{ ...base, date_done: 5 }],
    [{ ...base, group_id: {} }],
    [{ ...base, worker: 1 }],
  ])('refuses %j', (document) => {
    expect(() => read(document)).toThrow(DecodeError);
  });
});

describe('references to results', () => {
  const node: ResultNode = {
    id: 'group',
    parent: { id: 'before', parent: null, results: null },
    results: [{ id: 'one', parent: null, results: null }],
  };

  it('travel as nested tuples', () => {
    const tuple = encodeResultTuple(node);
    expect(tuple).toEqual([['group', [['before', null], null]], [[['one', null], null]]]);
    expect(decodeResultTuple(tuple)).toEqual(node);
  });

  it('are read in their short forms too', () => {
    const one = { id: 'one', parent: null, results: null };
    for (const short of ['one', ['one', null], [['one'], null]])
      expect(decodeResultTuple(short)).toEqual(one);
  });

  it('that are none are refused, and so are endless ones', () => {
    for (const value of [
      null,
      5,
      {},
      [],
      ['a'],
      [['a', 5], null],
      [[5, null], null],
      ['a', 'b'],
      [['a', null], null, 1],
    ]) {
      expect(() => decodeResultTuple(value)).toThrow(DecodeError);
    }
    let deep: unknown = null;
    for (let i = 0; i < 10_000; i++) deep = [['a', deep], null];
    expect(() => decodeResultTuple(deep)).toThrow(LimitExceededError);
  });
});

describe('exceptions', () => {
  it('get the module in which Python has them', () => {
    expect(exceptionModule('ValueError')).toBe('builtins');
    expect(exceptionModule('TimeLimitExceeded')).toBe('billiard.exceptions');
    expect(exceptionModule('ChordError')).toBe('celery.exceptions');
    for (const name of ['RangeError', 'Error', 'SystemExit', 'KeyboardInterrupt', 'exit', 'toString']) {
      expect(exceptionModule(name)).toBe(NODE_EXCEPTION_MODULE);
    }
  });

  it('come back as they went', () => {
    const encoded = encodeException({ type: 'ValueError', message: 'bad' });
    expect(encoded).toEqual({ exc_type: 'ValueError', exc_message: ['bad'], exc_module: 'builtins' });
    expect(decodeException(encoded)).toEqual({
      type: 'ValueError',
      message: 'bad',
      args: ['bad'],
      module: 'builtins',
    });
    const own = encodeException({ type: 'X', message: 'm', args: ['m', { code: 5 }], module: 'shop.errors' });
    expect(decodeException(own)).toEqual({
      type: 'X',
      message: 'm, {"code":5}',
      args: ['m', { code: 5 }],
      module: 'shop.errors',
    });
  });

  it('of other producers are read as far as they go', () => {
    expect(decodeException({ exc_type: 'X', exc_message: 'bad' })).toMatchObject({
      message: 'bad',
      args: ['bad'],
    });
    expect(decodeException({ exc_type: 'X' })).toEqual({ type: 'X', message: '', args: [], module: null });
    expect(decodeException({ exc_type: 'X', exc_message: [1n, undefined] })?.message).toBe('1, null');
    for (const value of [null, 'ValueError', [], { exc_type: 5 }]) expect(decodeException(value)).toBeNull();
  });
});

describe('states', () => {
  it('are ranked as in Celery, custom ones between FAILURE and REVOKED', () => {
    const states = [
      'PENDING',
      'RETRY',
      'REJECTED',
      'RECEIVED',
      'STARTED',
      'REVOKED',
      'PROGRESS',
      'FAILURE',
      'SUCCESS',
    ];
    expect([...states].sort(compareStates)).toEqual([...states].reverse());
    expect(compareStates('PROGRESS', 'CUSTOM')).toBe(0);
    expect([...READY_STATES].every((state) => ALL_STATES.has(state))).toBe(true);
  });
});

describe('keys', () => {
  it('are those of Celery', () => {
    expect(taskResultKey('a')).toBe('celery-task-meta-a');
    expect(taskResultKey('a', 'app_')).toBe('app_celery-task-meta-a');
    expect(groupResultKey('g')).toBe('celery-taskset-meta-g');
    expect(chordCounterKey('g')).toBe('chord-unlock-g');
    expect(redisChordKeys('g', 'p_')).toEqual({
      joined: 'p_celery-taskset-meta-g.j',
      size: 'p_celery-taskset-meta-g.s',
      replaced: 'p_celery-taskset-meta-g.t',
    });
  });
});
