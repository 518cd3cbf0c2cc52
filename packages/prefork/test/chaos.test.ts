import { readFileSync } from 'node:fs';
import { WorkerLostError } from '@pool/core';
import { expect, it } from 'vitest';
import { isAlive, newFolder, started, target, until } from './support.js';

const JOBS = Number(process.env['PREFORK_CHAOS_JOBS'] ?? 100_000);

it.each(['auto', 'fair'] as const)(
  `%s: ${JOBS} jobs run at most once and end exactly once while children are killed at random every 50 ms`,
  async (scheduling) => {
    const path = `${newFolder()}/marks`;
    const pool = await started({ limit: 3, scheduling });
    const pids = new Set<number>();
    pool.on('childSpawned', ({ pid }) => pids.add(pid));
    for (const pid of pool.info['processes'] as number[]) pids.add(pid);
    const endings = new Uint8Array(JOBS);
    const successes = new Uint8Array(JOBS);
    let done = 0;
    let lost = 0;
    let wrong = 0;
    let kills = 0;
    const mark = target('mark');
    let over = (): void => {};
    const all = new Promise<void>((resolve) => {
      over = resolve;
    });
    let sent = 0;
    let ended = 0;
    const next = (): void => {
      while (sent - ended < 2000 && sent < JOBS) {
        const i = sent++;
        const end = (): void => {
          endings[i] = (endings[i] as number) + 1;
          ended += 1;
          if (ended === JOBS) over();
          else if (ended % 100 === 0 || sent - ended < 100) next();
        };
        pool.applyAsync(mark, [path, i], undefined, {
          callback: (value) => {
            done += 1;
            successes[i] = 1;
            if (value !== i) wrong += 1;
            end();
          },
          errorCallback: (info) => {
            lost += 1;
            if (info.code !== WorkerLostError.code) wrong += 1;
            end();
          },
        });
      }
    };
    const killer = setInterval(() => {
      const living = pool.info['processes'] as number[];
      // One is left alone, or a slow machine would never get a child up in between.
      if (living.length < 2) return;
      const pid = living[Math.floor(Math.random() * living.length)] as number;
      kills += 1;
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has just gone by itself.
      }
    }, 50);
    try {
      next();
      await all;
    } finally {
      clearInterval(killer);
    }
    expect(endings.every((count) => count === 1)).toBe(true);
    expect(wrong).toBe(0);
    const bytes = readFileSync(path);
    const runs = new Uint8Array(JOBS);
    for (let at = 0; at < bytes.length; at += 4) {
      const i = bytes.readUInt32LE(at);
      runs[i] = (runs[i] as number) + 1;
    }
    expect(runs.every((count, i) => count === 1 || (count === 0 && successes[i] === 0))).toBe(true);
    expect(done + lost).toBe(JOBS);
    expect(kills).toBeGreaterThan(0);
    expect(pool.unfinished).toBe(0);
    await pool.stop();
    await until(() => [...pids].every((pid) => !isAlive(pid)), 'no child is left');
  },
);
