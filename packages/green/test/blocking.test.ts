import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Log, started } from './started-pool.js';

function block(seconds: number): void {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end);
}

describe('a job that blocks the event loop', () => {
  it('is told of once by task name, with the time', async () => {
    const log = new Log();
    const pool = await started({ logger: log, blockThreshold: 0.05 });
    const options = { scheduleKey: 'demo.hash' };
    await pool.applyAsync(() => block(0.08), [], {}, options).result;
    await pool.applyAsync(() => block(0.08), [], {}, options).result;
    const told = log.lines.filter((line) => line.includes('demo.hash blocked'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(
      /^task demo\.hash blocked the event loop for \d+ ms: .*@pool\/threads or @pool\/prefork/,
    );
  });

  it('is found among those that run when it blocks after an await', async () => {
    const log = new Log();
    const pool = await started({ logger: log, blockThreshold: 0.05 });
    const target = async (): Promise<void> => {
      await setTimeout(20);
      block(0.15);
    };
    await pool.applyAsync(target, [], {}, { scheduleKey: 'demo.late' }).result;
    expect(await log.line(/was blocked/)).toMatch(/blocked for \d+ ms while these ran: task demo\.late: /);
  });

  it('has its stack told when it happens again', async () => {
    const log = new Log();
    const pool = await started({ logger: log, blockThreshold: 0.05 });
    let found = false;
    const stack = log.line(/stuck here/).then((line) => {
      found = true;
      return line;
    });
    const stuckHere = async (): Promise<void> => {
      await setTimeout(1);
      block(0.2);
    };
    // The thread that watches takes its time to come up after the first block.
    while (!found) await pool.applyAsync(stuckHere).result;
    expect(await stack).toMatch(/at block \(.*\n.* at stuckHere \(/);
  });

  it('is not looked for when that is switched off', async () => {
    const log = new Log();
    const pool = await started({ logger: log, blockThreshold: false });
    await pool.applyAsync(() => block(0.15)).result;
    await pool.stop();
    expect(log.lines).toEqual([]);
  });

  it('must have a threshold that makes sense', async () => {
    await expect(started({ blockThreshold: 0 })).rejects.toThrow(TypeError);
  });
});
