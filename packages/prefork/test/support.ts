import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job, PoolLogger, TargetReference } from '@pool/core';
import { PreforkPool, type PreforkPoolOptions } from '@pool/prefork';
import { onTestFinished } from 'vitest';

const quiet: PoolLogger = { debug() {}, info() {}, warn() {}, error() {} };

/** The fixture's exports as targets. */
export const target = (name: string): TargetReference => ({
  module: new URL('./fixtures/targets.mjs', import.meta.url).href,
  name,
});

/** A pool that ends with its test. */
export function newPool(options: PreforkPoolOptions = {}): PreforkPool {
  const pool = new PreforkPool({ limit: 1, logger: quiet, output: 'ignore', ...options });
  onTestFinished(() => pool.terminate());
  return pool;
}

export async function started(options: PreforkPoolOptions = {}): Promise<PreforkPool> {
  const pool = newPool(options);
  await pool.start();
  return pool;
}

/** How many jobs the pool has sent to children, those that were sent again included. */
export const sent = (pool: PreforkPool): number => (pool.info['writes'] as { total: number }).total;

/**
 * Hands jobs in, after others of their kind, and again until all are sent to children at once: where the machine is busy,
 * the others may have taken too long for that.
 */
export async function sentAhead<T>(
  pool: PreforkPool,
  warmUp: () => Promise<unknown>,
  handIn: () => Job<T>[],
): Promise<Job<T>[]> {
  for (;;) {
    await warmUp();
    const before = sent(pool);
    const jobs = handIn();
    await new Promise<void>((resolve) => process.nextTick(resolve));
    if (sent(pool) - before === jobs.length) return jobs;
    await Promise.all(jobs.map((job) => job.result));
  }
}

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'prefork-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const linesOf = (path: string): string[] =>
  existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];

/** Whether a process is there; one that has ended and was not waited for is not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Holds up this process's event loop. */
export function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** Holds up this process's event loop until the condition holds. */
export function blockUntil(condition: () => boolean): void {
  const deadline = performance.now() + 60_000;
  while (!condition()) if (performance.now() > deadline) throw new Error(`it never came to be: ${condition}`);
}

/** Resolves when the condition holds; for what tells nobody when it happens. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`it never came to be that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
