import { test } from 'vitest';
import { killInTurn } from './support/kill-in-turn.js';
import { rollingRestart } from './support/rolling-restart.js';
import { redisSite } from './support/sites.js';
import { swallowedConnection } from './support/swallowed-connection.js';

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

test(
  'a worker whose connection swallows everything connects anew and goes on, on Redis',
  { timeout: 240_000 },
  () => swallowedConnection(site, false),
);
