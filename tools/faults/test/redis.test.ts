import { test } from 'vitest';
import { killInTurn } from './support/kill-in-turn.js';
import { rollingRestart } from './support/rolling-restart.js';
import { redisSite } from './support/sites.js';

const site = await redisSite();

test(
  'workers, children, the broker and connections are killed in turn on Redis: nothing is lost',
  { timeout: 450_000 },
  () => killInTurn(site, ['worker', 'child', 'broker', 'connection']),
);

test(
  'two workers are replaced in turn under load on Redis: nothing is lost, nothing runs twice',
  { timeout: 240_000 },
  () => rollingRestart({ ...site, transport: {} }),
);
