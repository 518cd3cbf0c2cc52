import { writeSync } from 'node:fs';
import { expect, onTestFinished } from 'vitest';
import { startFleet } from './fleet.js';
import { expectNothingLeft, producerAt } from './producer.js';
import { Runs } from './runs.js';
import type { Site } from './sites.js';
import { until } from './until.js';

/** How often each of the two workers is replaced. */
const ROUNDS = 3;

/** So many tasks are always on their way, and each takes so long: the workers are never idle. */
const BACKLOG = 300;
const MILLISECONDS = 10;

/**
 * Replaces two workers in turn with SIGTERM, as a deployment does, while tasks come in all the time. Without a crash
 * nothing may be lost, and nothing may run twice either.
 */
export async function rollingRestart(site: Site): Promise<void> {
  const runs = await Runs.create();
  onTestFinished(() => runs.remove());
  const posts = await startFleet(site, runs, 2);
  onTestFinished(async () => {
    await Promise.all(posts.map((post) => post.stop()));
  });
  const logs: string[] = [];
  const explain = async (): Promise<string> =>
    `${await runs.count('ended')} runs ended\n${[...logs, ...(await Promise.all(posts.map(async (post) => (await post.worker).log())))].join('\n---\n')}`;

  const app = producerAt(site);
  const ids: string[] = [];
  const sendMore = async (): Promise<void> => {
    const missing = BACKLOG - (ids.length - (await runs.count('ended')));
    const numbers = Array.from({ length: Math.max(0, missing) }, (_, i) => ids.length + i);
    const results = await Promise.all(numbers.map((n) => app.sendTask('faults.work', [n, MILLISECONDS])));
    ids.push(...results.map(({ id }) => id));
  };

  const begun = performance.now();
  await sendMore();
  for (let round = 0; round < ROUNDS; round++) {
    for (const post of posts) {
      const old = await post.worker;
      const running = async (): Promise<boolean> => {
        await sendMore();
        return (await runs.times('ended', old.pid)).size > 0;
      };
      await until(running, explain);
      let exit: number | string | null | undefined;
      const replaced = post.replace('SIGTERM').then((code) => {
        exit = code;
      });
      await until(async () => {
        await sendMore();
        return exit !== undefined;
      }, explain);
      await replaced;
      logs.push(old.log());
      expect(exit, old.log()).toBe(0);
    }
  }
  await until(async () => (await runs.count('ended')) >= ids.length, explain);
  const seconds = (performance.now() - begun) / 1000;

  for (const post of posts) expect(await (await post.worker).kill('SIGTERM')).toBe(0);
  const once = Array.from(ids.keys(), (n) => [n, 1]);
  for (const what of ['begun', 'ended'] as const)
    expect([...(await runs.times(what))].sort(([a], [b]) => a - b)).toEqual(once);
  await expectNothingLeft(site, ids);
  writeSync(
    2,
    `${site.name}: ${ids.length} tasks in ${seconds.toFixed(0)} s, ${ROUNDS * posts.length} workers replaced. Each task ran once\n`,
  );
}
