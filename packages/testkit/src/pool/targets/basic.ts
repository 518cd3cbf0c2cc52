import { appendFileSync } from 'node:fs';
import { currentJob } from '@pool/core';
import { incarnation } from './incarnation.js';

export function add(x: number, y: number): number {
  return x + y;
}

export async function addLater(x: number, y: number): Promise<number> {
  await Promise.resolve();
  return x + y;
}

export function echo(...args: unknown[]): unknown[] {
  return args;
}

export function nothing(): void {}

/** Something awaitable that is not a promise. */
export function thenable(value: unknown): PromiseLike<unknown> {
  // biome-ignore lint/suspicious/noThenProperty: that is what a thenable is
  return { then: (resolve: (value: unknown) => void) => resolve(value) } as PromiseLike<unknown>;
}

export const nested: { readonly inner: { deep(): string } } = { inner: { deep: () => 'found' } };

export const notAFunction = 1;

export function whoami(): { pid: number; incarnation: string; jobId: number | undefined } {
  return { pid: process.pid, incarnation, jobId: currentJob()?.id };
}

export function contextOf(): { id: number | undefined; correlationId: string | undefined } {
  const job = currentJob();
  return { id: job?.id, correlationId: job?.correlationId };
}

/** Writes one line, so that how often something ran can be counted. */
export function leaveTrace(file: string, line: string): void {
  appendFileSync(file, `${line}\n`);
}

export function setGlobal(key: string, value: unknown): void {
  (globalThis as Record<string, unknown>)[key] = value;
}

export function getGlobal(key: string): unknown {
  return (globalThis as Record<string, unknown>)[key] ?? null;
}

export function setEnvironment(key: string, value: string): void {
  process.env[key] = value;
}

export function sortInPlace(numbers: number[]): number[] {
  return numbers.sort((a, b) => a - b);
}
