import { hostname } from 'node:os';
import { anonNodename, defaultNodename, nodeFormat, nodename, nodesplit } from '@pool/message';
import { describe, expect, it } from 'vitest';

describe('node names', () => {
  it('are a name and a hostname', () => {
    expect(nodename('w1', 'host')).toBe('w1@host');
    expect(nodesplit('w1@host@x')).toEqual({ name: 'w1', hostname: 'host@x' });
    expect(nodesplit('host')).toEqual({ name: null, hostname: 'host' });
    expect(anonNodename('host')).toBe(`gen${process.pid}@host`);
    expect(anonNodename()).toBe(`gen${process.pid}@${hostname()}`);
  });

  it('are completed with what is missing', () => {
    expect(defaultNodename()).toBe(`celery@${hostname()}`);
    expect(defaultNodename('w1@')).toBe(`w1@${hostname()}`);
    expect(defaultNodename('w1@host')).toBe('w1@host');
    expect(defaultNodename('host')).toBe('celery@host');
  });

  it('are expanded', () => {
    expect(nodeFormat('%n-%h-%d-%p%%', 'w1@a.b.c')).toBe('w1-a.b.c-b.c-w1@a.b.c%');
    expect(nodeFormat('%n%I.log %i', 'w1@a', 2)).toBe('w1-2.log 2');
    expect(nodeFormat('%n%I.log %i %x', 'w1@a')).toBe('w1.log 0 %x');
    expect(nodeFormat('w@%h', 'host')).toBe('w@host');
  });
});
