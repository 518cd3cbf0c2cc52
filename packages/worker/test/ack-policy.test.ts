import { describe, expect, test } from 'vitest';
import { type AckOptions, type Ending, judge, type Verdict } from '../src/ack-policy.js';

const defaults: AckOptions = {
  acksOnFailure: true,
  acksOnTimeout: true,
  rejectOnWorkerLost: false,
  maxDeliveries: 3,
};

const row = (
  ending: Ending,
  options: Partial<AckOptions>,
  held: boolean,
  deliveries: number,
  settle: Verdict['settle'],
  final: boolean,
): [string, Ending, AckOptions, boolean, number, Verdict] => [
  `${ending} ${held ? 'held' : 'acked'} ${JSON.stringify(options)} delivery ${deliveries}`,
  ending,
  { ...defaults, ...options },
  held,
  deliveries,
  { settle, final },
];

describe('what becomes of a message', () => {
  test.each([
    row('success', {}, true, 1, 'ack', true),
    row('success', { acksOnFailure: false }, true, 9, 'ack', true),
    row('retry', { acksOnFailure: false }, true, 1, 'ack', true),
    row('ignore', { acksOnFailure: false }, true, 1, 'ack', true),
    row('revoked', { acksOnFailure: false }, true, 1, 'ack', true),
    row('reject', {}, true, 1, 'reject', true),
    row('requeue', {}, true, 99, 'requeue', false),
    row('discarded', {}, true, 99, 'requeue', false),
    row('cancelled', {}, true, 99, 'requeue', false),
    row('cancelled', {}, false, 1, 'ack', true),
    row('failure', {}, true, 1, 'ack', true),
    row('failure', { acksOnFailure: false }, true, 1, 'reject', true),
    row('timeout', {}, true, 1, 'ack', true),
    row('timeout', { acksOnTimeout: false }, true, 1, 'requeue', false),
    row('timeout', { acksOnTimeout: false }, true, 2, 'requeue', false),
    row('timeout', { acksOnTimeout: false }, true, 3, 'aside', true),
    row('timeout', { acksOnTimeout: false }, false, 1, 'ack', true),
    row('timeout', { acksOnTimeout: true, acksOnFailure: false }, true, 1, 'ack', true),
    row('lost', {}, true, 1, 'ack', true),
    row('lost', { acksOnFailure: false }, true, 1, 'reject', true),
    row('lost', { rejectOnWorkerLost: true }, true, 1, 'requeue', false),
    row('lost', { rejectOnWorkerLost: true }, true, 2, 'requeue', false),
    row('lost', { rejectOnWorkerLost: true }, true, 3, 'aside', true),
    row('lost', { rejectOnWorkerLost: true }, false, 1, 'ack', true),
  ])('%s', (_name, ending, options, held, deliveries, verdict) => {
    expect(judge(ending, options, held, deliveries)).toEqual(verdict);
  });
});
