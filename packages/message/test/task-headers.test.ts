import { encodeTaskMessage, InvalidTaskError, isTaskMessage, parseTaskHeaders } from '@pool/message';
import { describe, expect, it } from 'vitest';

const valid = encodeTaskMessage({ task: 'demo.add', id: 'a' });

function parse(headers: Record<string, unknown>) {
  return parseTaskHeaders({ headers: { ...valid.headers, ...headers }, properties: {} });
}

function fieldOf(headers: Record<string, unknown>): string | undefined {
  try {
    parse(headers);
  } catch (error) {
    if (InvalidTaskError.isInstance(error)) return error.field;
    throw error;
  }
  return undefined;
}

describe('parseTaskHeaders', () => {
  it('reads what Celery 5.6 sends', () => {
    const headers = JSON.parse(
      `{"lang": "py", "task": "demo.add", "id": "058bad7e", "shadow": null,
        "eta": "2026-11-21T02:54:13.264054+00:00", "expires": "2026-11-21T02:55:03.264054+02:00", "group": "g",
        "group_index": 4, "retries": 1, "timelimit": [20, 10.5], "root_id": "r", "parent_id": "p",
        "argsrepr": "(2, 3)", "kwargsrepr": "{}", "origin": "gen29919@vm", "ignore_result": true,
        "replaced_task_nesting": 2, "stamped_headers": ["tenant"], "stamps": {"tenant": ["a"]}, "tenant": ["a"]}`,
    ) as Record<string, unknown>;
    expect(parseTaskHeaders({ headers, properties: { replyTo: 'r', correlationId: 'c' } })).toEqual({
      lang: 'py',
      task: 'demo.add',
      id: '058bad7e',
      shadow: null,
      eta: new Date('2026-11-21T02:54:13.264Z'),
      expires: new Date('2026-11-21T00:55:03.264Z'),
      group: 'g',
      groupIndex: 4,
      retries: 1,
      timelimit: [20, 10.5],
      rootId: 'r',
      parentId: 'p',
      argsrepr: '(2, 3)',
      kwargsrepr: '{}',
      origin: 'gen29919@vm',
      ignoreResult: true,
      replacedTaskNesting: 2,
      stampedHeaders: ['tenant'],
      stamps: { tenant: ['a'] },
      replyTo: 'r',
      correlationId: 'c',
    });
  });

  it('needs nothing but task and id', () => {
    const read = parseTaskHeaders({ headers: { task: 't', id: 'i' }, properties: {} });
    expect(read).toMatchObject({
      task: 't',
      id: 'i',
      retries: 0,
      timelimit: [null, null],
      eta: null,
      ignoreResult: false,
    });
    const nulls = Object.fromEntries(Object.keys(valid.headers).map((name) => [name, null]));
    expect(parseTaskHeaders({ headers: { ...nulls, task: 't', id: 'i' }, properties: {} })).toEqual(read);
  });

  it('takes an empty date for none, as Celery does', () => {
    expect(parse({ eta: '', expires: 0 })).toMatchObject({ eta: null, expires: null });
  });

  it.each([
    ['task', undefined],
    ['task', ''],
    ['id', 5],
    ['lang', 5],
    ['shadow', {}],
    ['eta', 1767225600],
    ['eta', 'tomorrow'],
    ['eta', '2026-02-31T00:00:00'],
    ['expires', true],
    ['expires', new Date(Number.NaN)],
    ['group', []],
    ['group_index', 'first'],
    ['group_index', 1.5],
    ['retries', -1],
    ['retries', '3'],
    ['timelimit', 5],
    ['timelimit', [1]],
    ['root_id', 7],
    ['parent_id', 7],
    ['argsrepr', [1]],
    ['kwargsrepr', {}],
    ['origin', 1],
    ['ignore_result', 'yes'],
    ['replaced_task_nesting', 'deep'],
    ['stamped_headers', 'tenant'],
    ['stamped_headers', [1]],
    ['stamps', ['a']],
  ])('names the malformed %s: %j', (field, value) => {
    expect(fieldOf({ [field]: value })).toBe(field);
  });

  it('names the malformed time limit', () => {
    expect(fieldOf({ timelimit: ['10', null] })).toBe('timelimit[0]');
    expect(fieldOf({ timelimit: [null, -1] })).toBe('timelimit[1]');
    expect(fieldOf({ timelimit: [Infinity, null] })).toBe('timelimit[0]');
  });
});

describe('isTaskMessage', () => {
  it('tells protocol 2 by its header', () => {
    expect(isTaskMessage(valid)).toBe(true);
    expect(isTaskMessage({ headers: {} })).toBe(false);
  });
});
