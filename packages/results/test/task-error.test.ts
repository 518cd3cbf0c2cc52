import {
  ChordError,
  exceptionDocument,
  MaxRetriesExceededError,
  NotRegistered,
  PoolError,
  ResultTimeoutError,
  SoftTimeLimitExceeded,
  TaskError,
  TaskRevokedError,
  TimeLimitExceeded,
  taskErrorFrom,
  WorkerLostError,
} from '@pool/results';
import { describe, expect, it } from 'vitest';

describe('a stored failure', () => {
  it.each([
    ['TimeLimitExceeded', TimeLimitExceeded, 'ERR_POOL_TIME_LIMIT_EXCEEDED'],
    ['SoftTimeLimitExceeded', SoftTimeLimitExceeded, 'ERR_POOL_SOFT_TIME_LIMIT_EXCEEDED'],
    ['WorkerLostError', WorkerLostError, 'ERR_POOL_WORKER_LOST'],
    ['TaskRevokedError', TaskRevokedError, 'ERR_POOL_TASK_REVOKED'],
    ['Terminated', TaskRevokedError, 'ERR_POOL_TASK_REVOKED'],
    ['MaxRetriesExceededError', MaxRetriesExceededError, 'ERR_POOL_MAX_RETRIES_EXCEEDED'],
    ['NotRegistered', NotRegistered, 'ERR_POOL_NOT_REGISTERED'],
    ['ChordError', ChordError, 'ERR_POOL_CHORD'],
    ['ValueError', TaskError, 'ERR_POOL_TASK'],
    ['constructor', TaskError, 'ERR_POOL_TASK'],
  ])('of type %s has its class', (type, ErrorClass, code) => {
    const error = taskErrorFrom(
      { exc_type: type, exc_message: ['why', 1], exc_module: 'some.module' },
      { taskId: 'id' },
    );
    expect(error).toBeInstanceOf(ErrorClass);
    expect(error).toMatchObject({
      code,
      excType: type,
      excModule: 'some.module',
      args: ['why', 1],
      taskId: 'id',
    });
    expect(error.message).toBe(`${type}: why, 1`);
  });

  it.each([
    [{ exc_type: 'KeyError', exc_message: 'one' }, 'KeyError: one', ['one']],
    [{ exc_type: 'KeyError', exc_message: [] }, 'KeyError', []],
    ['just text', 'Error: just text', ['just text']],
    [null, 'Error: null', [null]],
  ])('in the form %j can be read', (document, message, args) => {
    const error = taskErrorFrom(document);
    expect([error.message, error.args]).toEqual([message, args]);
  });

  it('passes through unchanged', () => {
    const document = { exc_type: 'ValueError', exc_message: ['why', 1], exc_module: 'builtins' };
    expect(exceptionDocument(taskErrorFrom(document))).toEqual(document);
  });
});

describe('a thrown value', () => {
  class PaymentError extends Error {}
  it.each([
    [new RangeError('out'), { exc_type: 'RangeError', exc_message: ['out'], exc_module: 'node:errors' }],
    [new TypeError('no'), { exc_type: 'TypeError', exc_message: ['no'], exc_module: 'builtins' }],
    [
      new PaymentError('declined'),
      { exc_type: 'PaymentError', exc_message: ['declined'], exc_module: 'node:errors' },
    ],
    ['text', { exc_type: 'Error', exc_message: ['text'], exc_module: 'node:errors' }],
    [undefined, { exc_type: 'Error', exc_message: ['undefined'], exc_module: 'node:errors' }],
    [
      new WorkerLostError('gone'),
      { exc_type: 'WorkerLostError', exc_message: ['gone'], exc_module: 'billiard.exceptions' },
    ],
  ])('%s becomes a document', (thrown, document) => {
    expect(exceptionDocument(thrown)).toEqual(document);
  });
});

describe('an error', () => {
  it('is known across two copies of the package by what it carries', () => {
    const foreign = new Error('late');
    Object.defineProperty(foreign, Symbol.for('@pool/error'), {
      value: ['ERR_POOL_RESULT_TIMEOUT', 'ERR_POOL'],
    });
    expect(ResultTimeoutError.isInstance(foreign)).toBe(true);
    expect(foreign instanceof PoolError).toBe(true);
    expect(TaskError.isInstance(foreign)).toBe(false);
    class Own extends TaskError {}
    expect(new TaskError('x') instanceof Own).toBe(false);
    expect(new Own('x') instanceof TaskError).toBe(true);
  });
});
