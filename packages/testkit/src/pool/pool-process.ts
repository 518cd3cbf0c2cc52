import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Scene } from './scene.js';
import type { PoolProcessOrder } from './scripts/pool-process.js';
import type { Suite } from './suite.js';

/** A process that uses the pool, and what it said. */
export interface PoolProcess {
  readonly child: ChildProcess;
  /** The lines it wrote to stdout so far, and to stderr. */
  readonly output: { stdout: string; stderr: string };
  /** Resolves with its exit code, or the signal that killed it. */
  readonly exited: Promise<number | string>;
}

/** Starts a process that uses the pool. It is killed when the test ends. */
export function startPoolProcess(
  suite: Suite,
  scene: Scene,
  play: PoolProcessOrder['play'],
  port = 0,
): PoolProcess {
  assert.ok(suite.module);
  const order: PoolProcessOrder = {
    play,
    url: String(suite.module.url),
    export: suite.module.export,
    targets: suite.settings.targets,
    limit: suite.slots,
    port,
  };
  const script = fileURLToPath(new URL('./scripts/pool-process.js', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    output.stdout += chunk;
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    output.stderr += chunk;
  });
  const exited = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  scene.defer(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return { child, output, exited };
}

/** Runs a play to its end and returns the last thing it told. The process must end by itself, and well. */
export async function playElsewhere(
  suite: Suite,
  scene: Scene,
  play: PoolProcessOrder['play'],
): Promise<Record<string, unknown>> {
  const { output, exited } = startPoolProcess(suite, scene, play);
  const code = await scene.within(exited, 'the process ends by itself').catch((error: unknown) => {
    throw new assert.AssertionError({ message: `${String(error)}; it wrote ${JSON.stringify(output)}` });
  });
  assert.equal(code, 0, `the process ends well; it wrote ${JSON.stringify(output)}`);
  const last = output.stdout.trimEnd().split('\n').at(-1);
  return JSON.parse(last ?? '') as Record<string, unknown>;
}
