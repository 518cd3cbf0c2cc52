import { arch, platform, release } from 'node:os';
import { styleText } from 'node:util';
import type { Worker } from '../worker.js';

/** What the banner shows, for lines of JSON as well. */
export interface BannerFacts {
  readonly app: string;
  readonly broker: string;
  readonly results: string;
  readonly pool: string;
  readonly concurrency: string;
  readonly prefetch: string;
  readonly queues: readonly string[];
  readonly tasks: readonly string[];
}

/** What a worker is about to do, without secrets. */
export function bannerFacts(worker: Worker, broker: string, results: string): BannerFacts {
  const { app, settings } = worker;
  const { autoscale, prefetchMultiplier, disablePrefetch } = settings;
  const slots = autoscale?.max ?? worker.concurrency;
  return {
    app: app.name,
    broker,
    results,
    pool: settings.pool,
    concurrency:
      autoscale === undefined ? String(worker.concurrency) : `${autoscale.min}–${autoscale.max} (autoscale)`,
    prefetch: disablePrefetch
      ? 'off'
      : prefetchMultiplier === 0
        ? 'unlimited'
        : prefetchMultiplier === undefined
          ? 'automatic'
          : `${slots * prefetchMultiplier} (${prefetchMultiplier} a slot)`,
    queues: worker.queues.map((name) => {
      const { exchange, exchangeType, routingKey } = app.queues.get(name);
      return `${name}  exchange=${exchange}(${exchangeType}) key=${routingKey}`;
    }),
    // Those that every app has are no news.
    tasks: [...app.tasks.keys()].filter((name) => !name.startsWith('celery.')).sort(),
  };
}

/** How many tasks the banner lists. */
const MAX_TASKS = 40;

/** The banner for people. */
export function renderBanner(facts: BannerFacts, hostname: string, version: string, color: boolean): string {
  const paint = (format: Parameters<typeof styleText>[0], text: string): string =>
    color ? styleText(format, text) : text;
  const row = (label: string, values: readonly string[]): string =>
    values.map((value, i) => `   ${paint('dim', (i === 0 ? label : '').padEnd(13))}${value}`).join('\n');
  const tasks = facts.tasks.slice(0, MAX_TASKS);
  if (facts.tasks.length > tasks.length) tasks.push(`… and ${facts.tasks.length - tasks.length} more`);
  return `${[
    '',
    ` ${paint('cyan', '◉')}  ${paint('bold', hostname)}  ${paint('dim', `pool ${version} · node ${process.version} · ${platform()} ${release()} ${arch()} · pid ${process.pid}`)}`,
    '',
    row('app', [facts.app]),
    row('broker', [facts.broker]),
    row('results', [facts.results]),
    row('pool', [`${facts.pool}, concurrency ${facts.concurrency}`]),
    row('prefetch', [facts.prefetch]),
    row('queues', facts.queues),
    row('tasks', tasks.length === 0 ? [paint('yellow', 'none: the app’s module defines no task')] : tasks),
    '',
  ].join('\n')}\n`;
}
