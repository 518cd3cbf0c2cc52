/**
 * A process of its own that uses a pool, for what can only be seen from outside. Its argument says what to do; what it
 * saw goes to stdout as one line of JSON.
 */
import type { BasePool, PoolOptions, TargetReference } from '@pool/core';

/** What the process is told. */
export interface PoolProcessOrder {
  readonly play: 'import' | 'stop' | 'terminate' | 'orphans' | 'propagate';
  readonly url: string;
  readonly export: string;
  readonly targets: string;
  readonly limit: number;
  readonly port: number;
}

type PoolClass = new (options: PoolOptions) => BasePool;

const order = JSON.parse(process.argv[2] ?? '{}') as PoolProcessOrder;

const target = (name: string): TargetReference => ({ module: order.targets, name });

function tell(message: unknown): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function load(): Promise<PoolClass> {
  const namespace = (await import(order.url)) as Record<string, unknown>;
  const value = namespace[order.export];
  if (typeof value !== 'function') throw new Error(`${order.url} does not export ${order.export}`);
  return value as PoolClass;
}

/** What keeps the process alive and what listens to it. Requests come and go by themselves and do not count. */
function holdings(): string[] {
  const handles = process.getActiveResourcesInfo().filter((name) => !name.includes('Req'));
  const listeners = process
    .eventNames()
    .flatMap((name) => process.listeners(name as 'exit').map(() => `listener of ${String(name)}`));
  return [...handles, ...listeners];
}

function added(before: readonly string[], after: readonly string[]): string[] {
  const left = [...before];
  return after.filter((name) => {
    const index = left.indexOf(name);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}

async function importOnly(): Promise<void> {
  // The standard streams open when they are first touched, which anybody may do.
  tell({ event: 'up' });
  process.stderr.write('');
  const before = holdings();
  const Pool = await load();
  new Pool({ limit: order.limit });
  await new Promise((resolve) => setImmediate(resolve));
  tell({ event: 'imported', added: added(before, holdings()) });
}

async function endWith(end: 'stop' | 'terminate'): Promise<void> {
  const pool = new (await load())({ limit: order.limit });
  await pool.start();
  const value = await pool.applyAsync(target('add'), [1, 2]).result;
  await pool[end]();
  tell({ event: 'ended', value });
}

async function orphans(): Promise<void> {
  const pool = new (await load())({ limit: order.limit });
  await pool.start();
  pool.applyAsync(target('never'), [order.port, 'awaits']);
  if (order.limit > 1) pool.applyAsync(target('leaveLineOpen'), [order.port, 'idle']);
}

async function propagate(): Promise<void> {
  class Stop extends Error {}
  class Other extends Error {}
  const pool = new (await load())({ limit: 1, callbacksPropagate: [Stop], logger: silent });
  const caught: string[] = [];
  const note = (error: unknown): void => {
    caught.push(error instanceof Stop ? 'Stop' : error instanceof Other ? 'Other' : String(error));
  };
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  await pool.start();
  for (const error of [new Other('kept'), new Stop('let through')]) {
    try {
      const thrower = (): never => {
        throw error;
      };
      pool.applyAsync(target('addLater'), [1, 2], {}, { callback: thrower });
    } catch (thrown) {
      note(thrown);
    }
  }
  const value = await pool.applyAsync(target('add'), [3, 4]).result;
  await pool.stop();
  // Unhandled rejections are told when all promises have had their turn.
  await new Promise((resolve) => setImmediate(resolve));
  tell({ event: 'propagated', caught, value, unfinished: pool.unfinished });
}

const none = (): void => {};
const silent = { debug: none, info: none, warn: none, error: none };

const plays: Record<PoolProcessOrder['play'], () => Promise<void>> = {
  import: importOnly,
  stop: () => endWith('stop'),
  terminate: () => endWith('terminate'),
  orphans,
  propagate,
};

await plays[order.play]();
