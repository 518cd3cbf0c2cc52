import { expect, it } from 'vitest';
import { ChildLink } from '../src/child-link.js';
import { DONE, READY, RETURNED } from '../src/child-messages.js';
import type { LinkOwner } from '../src/link-owner.js';
import { PoolJob } from '../src/pool-job.js';
import { Scheduler } from '../src/scheduler.js';
import { TargetTable } from '../src/target-table.js';

it('what is large is not sent in advance', () => {
  let size = 1000;
  const child = {
    pid: 1,
    congested: false,
    written: 0,
    write(): void {
      this.written += size;
    },
    flush() {},
    kill() {},
  };
  const owner = { linkReady() {}, linkProgressed() {}, jobAccepted() {}, jobSucceeded() {} };
  const targets = new TargetTable();
  const link = new ChildLink(owner as never, targets, 1);
  link.attach(child, {} as never);
  link.onMessages([READY, 0, 1, null]);
  const target = { module: '/m.js', name: 'f' };
  const job = (id: number): PoolJob => new PoolJob({} as never, id, target, [], {}, {}, undefined, undefined);
  const scheduler = new Scheduler('fast', 16, undefined);
  link.send(job(1), targets.lookUp(target), true);
  expect(scheduler.pick([link], job(2))).toBe(link);
  size = 100_000;
  link.send(job(2), targets.lookUp(target), true);
  expect(scheduler.pick([link], job(3))).toBeUndefined();
  link.onMessages([DONE, 1, 'a', 5]);
  expect(scheduler.pick([link], job(3))).toBeUndefined();
  link.onMessages([DONE, 2, 'b', 5]);
  expect([link.weight, scheduler.pick([link], job(3))]).toEqual([0, link]);
});

it('what a child gives back is not begun, even if what was sent after it is', () => {
  const returned: PoolJob[] = [];
  const succeeded: number[] = [];
  const owner: LinkOwner = {
    linkReady() {},
    jobAccepted: (job) => {
      job.state = 'accepted';
    },
    jobSucceeded: (job) => void succeeded.push(job.id),
    jobFailed() {},
    jobPosted() {},
    jobsReturned: (jobs) => void returned.push(...jobs),
    linkProgressed() {},
    linkDrained() {},
    linkExited() {},
  };
  const targets = new TargetTable();
  const link = new ChildLink(owner, targets, 1);
  let begun = 0;
  const child = { pid: 1, congested: false, write() {}, flush() {}, kill() {}, lastBegun: () => begun };
  link.attach(child, {} as never);
  link.onMessages([READY, 0, 1, null]);
  const target = { module: '/m.js', name: 'f' };
  const send = (id: number): void => {
    link.send(
      new PoolJob({} as never, id, target, [], {}, {}, undefined, undefined),
      targets.lookUp(target),
      true,
    );
  };
  const silent = (): boolean => link.checkSilence(Number.POSITIVE_INFINITY, 0);

  for (const id of [1, 2, 3]) send(id);
  begun = 1;
  silent(); // asks for 2 and 3
  link.onMessages([DONE, 1, 'a', 5]);
  send(4); // the child gives 2 and 3 back, then begins 4, before the pool reads any of it
  begun = 4;
  silent();
  link.onMessages([RETURNED, 0, [2, 3], null, DONE, 4, 'd', 5]);
  expect(returned.map((job) => job.id)).toEqual([2, 3]);
  expect(succeeded).toEqual([1, 4]);
  expect([link.held.length, link.started]).toEqual([0, 0]);
});
