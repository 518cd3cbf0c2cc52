import { connect, type Socket } from 'node:net';
import { currentJob, type SoftTimeLimitExceeded } from '@pool/core';
import { busy, FOREVER } from './cpu.js';
import { incarnation } from './incarnation.js';

async function knock(port: number, label: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  // The gate closes when the test is over.
  socket.on('error', () => {});
  socket.write(`${JSON.stringify({ label, pid: process.pid, incarnation })}\n`);
  return socket;
}

/** Knocks, waits to be let through, answers. */
export async function gated(port: number, label: string, value: unknown = label): Promise<unknown> {
  const socket = await knock(port, label);
  await new Promise((resolve) => {
    socket.once('data', resolve);
    socket.once('close', resolve);
  });
  socket.destroy();
  return value;
}

/** Knocks and does nothing for ever, whatever it is told. */
export async function never(port: number, label: string): Promise<void> {
  const socket = await knock(port, label);
  await new Promise((resolve) => socket.once('close', resolve));
}

/** Knocks and blocks what runs it. */
export async function busyAfterKnock(port: number, label: string): Promise<string> {
  const socket = await knock(port, label);
  // Whoever shares this loop with the gate must hear the knock before the loop is blocked.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const answer = busy(FOREVER);
  socket.destroy();
  return answer;
}

/** Knocks, waits for the job's signal, and fails with its reason. */
export async function cooperative(port: number, label: string): Promise<void> {
  const signal = currentJob()?.signal;
  if (signal === undefined) throw new Error('a running job has no signal');
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const socket = await knock(port, label);
  await Promise.race([aborted, new Promise((resolve) => socket.once('close', resolve))]);
  socket.destroy();
  signal.throwIfAborted();
}

/** Waits for the job's signal, and ends well with what it says. */
export async function tidyUp(): Promise<{ name: string; code: string; seconds: number }> {
  const signal = currentJob()?.signal;
  if (signal === undefined) throw new Error('a running job has no signal');
  const timer = setTimeout(() => {}, FOREVER * 1000);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  clearTimeout(timer);
  const { name, code, seconds } = signal.reason as SoftTimeLimitExceeded;
  return { name, code, seconds };
}

/** Returns at once and leaves its line to the gate open as long as what ran it lives. */
export async function leaveLineOpen(port: number, label: string): Promise<void> {
  const socket = await knock(port, label);
  socket.unref();
}

/** Sets a global, knocks, and when let through answers what the global is by then. */
export async function setGlobalGated(
  port: number,
  label: string,
  key: string,
  value: unknown,
): Promise<unknown> {
  const globals = globalThis as Record<string, unknown>;
  globals[key] = value;
  await gated(port, label);
  return globals[key];
}

/** Knocks under one name, and when let through under another. */
export async function knockTwice(port: number, before: string, after: string): Promise<void> {
  await gated(port, before);
  const socket = await knock(port, after);
  socket.destroy();
}
