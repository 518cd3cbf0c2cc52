import { expect, it } from 'vitest';
import { ChildLink } from '../src/child-link.js';
import { DONE, NO_TARGET, QUICK_JOB, READY, RETURNED, STARTED } from '../src/child-messages.js';
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
  link.attach(child, { imports: [], initializer: null } as never);
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
  const child = { pid: 1, congested: false, write() {}, flush() {}, kill() {} };
  link.attach(child, { imports: [], initializer: null } as never);
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
  link.onMessages([STARTED, 1, null, null]);
  silent(); // asks for 2 and 3
  link.onMessages([DONE, 1, 'a', 5]);
  send(4); // the child gives 2 and 3 back, then begins 4, before the pool reads any of it
  link.onMessages([STARTED, 4, null, null, RETURNED, 0, [2, 3], null, DONE, 4, 'd', 5]);
  expect(returned.map((job) => job.id)).toEqual([2, 3]);
  expect(succeeded).toEqual([1, 4]);
  expect([link.held.length, link.started]).toEqual([0, 0]);
});

it('what lies where a child claims it can be taken back, and is offered anew', () => {
  const { link, send, returned, offered } = claimingLink();
  for (const id of [1, 2, 3]) send(id);
  offered.shift(); // the child claims 1
  expect(link.checkSilence(Number.POSITIVE_INFINITY, 0)).toBe(false);
  expect(returned).toEqual([2, 3]);
  expect([link.held.length, link.started, link.stuck, link.assigned]).toEqual([1, 1, true, 1]);
  link.onMessages([DONE, 1, 'a', 5]);
  send(2);
  expect([offered, link.stuck]).toEqual([[2], false]);
});

it('what was taken back is not offered behind what is not claimed: its first message is in front of that', () => {
  const { link, send, offered, newJob } = claimingLink();
  const again = newJob(2);
  for (const job of [newJob(1), again]) send(job.id, job);
  offered.shift(); // the child claims 1
  link.checkSilence(Number.POSITIVE_INFINITY, 0);
  send(3, newJob(3), false);
  send(2, again);
  expect([offered, link.held.toArray().map(({ id }) => id), link.slowHeld]).toEqual([[], [1, 3, 2], 2]);
  // Where the message of 2 lies, the child would claim what was never sent just the same.
  send(4);
  expect(offered).toEqual([]);
  // What it was sent since has ended, so nothing lies there any more.
  for (const id of [1, 3]) link.onMessages([DONE, id, null, 5]);
  send(5);
  expect(offered).toEqual([5]);
});

it('a job that was taken back may have run where it lay before, and what it left since lies there still', () => {
  const { link, send, offered, newJob } = claimingLink();
  const again = newJob(2);
  for (const job of [newJob(1), again]) send(job.id, job);
  offered.shift(); // the child claims 1
  link.recall(again);
  send(2, again);
  expect(offered.shift()).toBe(2); // and 2, where it lay first
  for (const id of [1, 2]) link.onMessages([DONE, id, null, 5]);
  send(3, newJob(3), false);
  send(4);
  expect(offered).toEqual([]);
  for (const id of [3, 4]) link.onMessages([DONE, id, null, 5]);
  send(5, newJob(5), false);
  send(6);
  expect(offered).toEqual([6]);
});

it('while a slow job runs, and none waits, quick ones are offered though others were taken back', () => {
  const { link, send, offered, newJob } = claimingLink();
  send(1, newJob(1), false);
  link.onMessages([STARTED, 1, null, null]);
  send(2);
  link.recall(newJob(2));
  expect(offered).toEqual([]);
  send(3);
  expect(offered).toEqual([3]);
});

it('a child’s place is emptied when it asks for it, though the child is not silent', () => {
  const { link, send, returned, child } = claimingLink();
  for (const id of [1, 2]) send(id);
  expect(link.checkSilence(0, 1)).toBe(true);
  expect(returned).toEqual([]);
  child.claims.untidy = true;
  expect(link.checkSilence(0, 1)).toBe(true);
  expect([returned, link.stuck]).toEqual([[1, 2], false]);
});

it('what cannot be written is not left to be claimed', () => {
  const { link, send, offered, child, written } = claimingLink();
  send(1);
  child.write = () => {
    throw new TypeError('it cannot be carried');
  };
  expect(() => send(2)).toThrow('carried');
  expect([offered, link.held.length]).toEqual([[1], 1]);
  // Writing has sent what was offered before it failed: the child gets something to claim.
  child.claims.withdraw = () => false;
  child.write = (...message) => {
    if (written.push(message) === 1) throw new TypeError('it cannot be carried');
  };
  expect(() => send(3)).toThrow('carried');
  expect(written.at(-1)).toEqual([QUICK_JOB, 3, NO_TARGET, null]);
});

function claimingLink() {
  const offered: number[] = [];
  const returned: number[] = [];
  const written: unknown[][] = [];
  const child = {
    pid: 1,
    congested: false,
    write: (..._message: [kind: number, id: number, a: unknown, b: unknown]): void => {},
    flush() {},
    kill() {},
    claims: {
      untidy: false,
      offer: (id: number) => void offered.push(id),
      withdraw: () => offered.pop() !== undefined,
      takeBack: () => offered.splice(0),
    },
  };
  const owner = {
    linkReady() {},
    linkProgressed() {},
    jobAccepted(job: PoolJob) {
      job.state = 'accepted';
    },
    jobSucceeded() {},
    jobsReturned: (jobs: PoolJob[]) => void returned.push(...jobs.map(({ id }) => id)),
  };
  const targets = new TargetTable();
  const target = { module: '/m.js', name: 'f' };
  targets.lookUp(target);
  const link = new ChildLink(owner as never, targets, 1);
  link.attach(child, { imports: [], initializer: null } as never);
  link.onMessages([READY, 0, 1, null]);
  const newJob = (id: number): PoolJob =>
    new PoolJob({} as never, id, target, [], {}, {}, undefined, undefined);
  const send = (id: number, job = newJob(id), quick = true): void => {
    link.send(job, targets.lookUp(target), quick);
  };
  return { link, send, newJob, offered, returned, written, child };
}
