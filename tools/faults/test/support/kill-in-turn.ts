import { writeSync } from 'node:fs';
import { expect, onTestFinished } from 'vitest';
import { type Post, PREFETCH, startFleet } from './fleet.js';
import { expectNothingLeft, producerAt } from './producer.js';
import { Runs } from './runs.js';
import type { Site } from './sites.js';
import { until } from './until.js';

/** What can be killed. */
export type Victim = 'worker' | 'child' | 'broker' | 'connection';

const TASKS = Number(process.env['POOL_FAULTS_TASKS'] ?? 20_000);
const KILLS = Number(process.env['POOL_FAULTS_KILLS'] ?? 50);

/** Nothing, mostly; some wait a little, some long, some use the processor. */
function lengthOf(n: number): number {
  if (n % 100 === 0) return 100;
  if (n % 10 === 0) return 10;
  return n % 10 === 5 ? -1 : 0;
}

/** Runs tasks on two workers and kills in turn, evenly spread over the run; then looks at what was run how often. */
export async function killInTurn(site: Site, turns: readonly Victim[]): Promise<void> {
  const runs = await Runs.create();
  onTestFinished(() => runs.remove());
  const ids = await sendTasks(site);
  const begun = performance.now();
  const posts = await startFleet(site, runs, 2);
  onTestFinished(async () => {
    await Promise.all(posts.map((post) => post.stop()));
  });
  const explain = async (): Promise<string> =>
    `${await runs.count('ended')} runs ended\n${(await Promise.all(posts.map(async (post) => (await post.worker).log()))).join('\n---\n')}`;

  const tally: Record<Victim, { kills: number; running: number }> = {
    worker: { kills: 0, running: 0 },
    child: { kills: 0, running: 0 },
    broker: { kills: 0, running: 0 },
    connection: { kills: 0, running: 0 },
  };
  /** Resolve when what was killed is there again. */
  const backs: Promise<unknown>[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const due = ((kill + 1) * TASKS) / (KILLS + 1);
    await until(async () => (await runs.count('ended')) >= due, explain);
    const victim = turns[kill % turns.length] as Victim;
    const post = posts[(kill + Math.floor(kill / turns.length)) % 2] as Post;
    const hit = victim === 'broker' ? posts : [post];
    tally[victim].kills += 1;
    tally[victim].running += await runningOn(hit, runs);
    await strike(victim, { post, site, runs, backs, explain });
  }
  await Promise.all(backs);
  const all = async (): Promise<boolean> => (await runs.times('ended')).size === TASKS;
  await until(async () => (await runs.count('ended')) >= TASKS && (await all()), explain);
  const seconds = (performance.now() - begun) / 1000;

  for (const post of posts) expect(await (await post.worker).kill('SIGTERM')).toBe(0);
  await expectNothingLeft(site, ids);
  const times = await runs.times('begun');
  expect(times.size).toBe(TASKS);
  const again = (await runs.count('begun')) - TASKS;
  // Whatever is killed, no more can come again than the broker had given out to it and not seen acknowledged.
  const inFlight = KILLS * PREFETCH + tally.broker.kills * PREFETCH;
  const kills = Object.entries(tally).map(
    ([victim, { kills, running }]) => `${victim} ${kills} times (${running} tasks running)`,
  );
  writeSync(
    2,
    `${site.name}: ${TASKS} tasks in ${seconds.toFixed(0)} s. Killed: ${kills.join(', ')}. Lost 0, run again ${again}; in flight at most ${inFlight}\n`,
  );
  expect(again).toBeLessThanOrEqual(inFlight);
}

async function sendTasks(site: Site): Promise<string[]> {
  const app = producerAt(site);
  const ids: string[] = [];
  for (let n = 0; n < TASKS; n += 1000) {
    const numbers = Array.from({ length: Math.min(1000, TASKS - n) }, (_, i) => n + i);
    const results = await Promise.all(numbers.map((i) => app.sendTask('faults.work', [i, lengthOf(i)])));
    ids.push(...results.map(({ id }) => id));
  }
  return ids;
}

/** Tasks that have begun and not ended on some workers. */
async function runningOn(posts: readonly Post[], runs: Runs): Promise<number> {
  let running = 0;
  for (const post of posts) {
    const { pid } = await post.worker;
    const ended = await runs.times('ended', pid);
    for (const [n, times] of await runs.times('begun', pid))
      running += Math.max(0, times - (ended.get(n) ?? 0));
  }
  return running;
}

/** Where to strike. */
interface Scene {
  readonly post: Post;
  readonly site: Site;
  readonly runs: Runs;
  readonly backs: Promise<unknown>[];
  explain(): unknown;
}

/** Kills something, once it lives; what takes its place may still be on its way when this resolves. */
async function strike(victim: Victim, { post, site, runs, backs, explain }: Scene): Promise<void> {
  switch (victim) {
    case 'worker':
      await post.worker;
      backs.push(post.replace('SIGKILL'));
      break;
    case 'broker':
      await Promise.all(backs);
      backs.push(site.server.restart({ signal: 'SIGKILL' }));
      break;
    case 'connection':
      await until(() => post.proxy.connections > 0, explain);
      post.proxy.cut();
      break;
    case 'child': {
      await until(async () => killOneOf(await runs.children((await post.worker).pid)), explain);
    }
  }
}

/** Kills a random one that lives. */
function killOneOf(pids: number[]): boolean {
  const rest = [...pids];
  while (rest.length > 0) {
    const [pid] = rest.splice(Math.floor(Math.random() * rest.length), 1);
    try {
      process.kill(pid as number, 'SIGKILL');
      return true;
    } catch {
      // It was killed or replaced before.
    }
  }
  return false;
}
