import type { Delivery } from '@pool/transport';
import { describe, expect, it } from 'vitest';
import type { Request } from '../src/request/request.js';
import { RequestTable } from '../src/request-table.js';

function request(id: string, retries = 0): Request {
  const fields = { previous: undefined, next: undefined, nextInBucket: undefined, hash: 0 };
  return { id, headers: { id, retries }, acksLate: true, state: 'accepted', ...fields } as unknown as Request;
}

function delivery(): Delivery & { acked: number } {
  const made = {
    acked: 0,
    ack: () => {
      made.acked += 1;
    },
  };
  return made as unknown as Delivery & { acked: number };
}

describe('the table of requests', () => {
  it('keeps them in order and finds each by its id, however many there are', () => {
    const table = new RequestTable();
    const all = Array.from({ length: 5000 }, (_, i) => request(`id-${i}`));
    for (const each of all) table.add(each);
    expect(table.size).toBe(5000);
    expect([...table]).toEqual(all);
    for (const each of all) expect(table.get(each.id)).toBe(each);
    for (const each of all.filter((_, i) => i % 2 === 0)) table.remove(each, false);
    expect([...table]).toEqual(all.filter((_, i) => i % 2 === 1));
    expect(table.get('id-0')).toBeUndefined();
    expect(table.get('id-4999')).toBe(all[4999]);
  });

  it('lets whoever goes through them remove them', () => {
    const table = new RequestTable();
    for (const id of ['a', 'b', 'c']) table.add(request(id));
    for (const each of table) table.remove(each, false);
    expect([table.size, [...table]]).toEqual([0, []]);
  });

  it('holds several of one id, the first of which is the one that is found', () => {
    const table = new RequestTable();
    const [first, second] = [request('a'), request('a', 1)];
    table.add(first);
    table.add(second);
    expect([table.size, table.get('a')]).toEqual([2, first]);
    table.remove(first, true);
    expect([table.size, table.get('a')]).toEqual([1, second]);
    table.remove(first, true);
    expect(table.size).toBe(1);
  });

  it('recognises a message that is delivered again by its id and its attempt', () => {
    const table = new RequestTable();
    const [first, retry, ended] = [request('a'), request('a', 1), request('b')];
    for (const each of [first, retry, ended]) table.add(each);
    table.remove(ended, true);
    const [again, late, other] = [delivery(), delivery(), delivery()];
    expect(table.recognise(retry.headers, again)).toBe(true);
    expect([retry.delivery, first.delivery]).toEqual([again, undefined]);
    expect(table.recognise(ended.headers, late)).toBe(true);
    expect([again.acked, late.acked]).toEqual([0, 1]);
    expect(table.recognise(request('b', 1).headers, other)).toBe(false);
  });
});
