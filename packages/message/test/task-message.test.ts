import {
  createSignature,
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
  });
});
