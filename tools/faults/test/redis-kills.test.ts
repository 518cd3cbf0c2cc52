import { test } from 'vitest';
import { killInTurn } from './support/kill-in-turn.js';
import { redisSite } from './support/sites.js';

const site = await redisSite();

test(
  'workers, children, the broker and connections are killed in turn on Redis: nothing is lost',
  { timeout: 450_000 },
  () => killInTurn(site, ['worker', 'child', 'broker', 'connection']),
);
