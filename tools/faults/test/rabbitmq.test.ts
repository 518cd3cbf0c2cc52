import { test } from 'vitest';
import { killInTurn } from './support/kill-in-turn.js';
import { rollingRestart } from './support/rolling-restart.js';
import { rabbitmqSite } from './support/sites.js';
import { swallowedConnection } from './support/swallowed-connection.js';

const site = await rabbitmqSite();

// RabbitMQ takes seconds to start, so it is killed less often than the others.
test(
  'workers, children, the broker and connections are killed in turn on RabbitMQ: nothing is lost',
  { timeout: 450_000 },
  () =>
    killInTurn(site, [
      ...(['worker', 'child', 'connection', 'child', 'broker'] as const),
      ...(['worker', 'connection', 'child', 'connection', 'child'] as const),
    ]),
);

test(
  'two workers are replaced in turn under load on RabbitMQ: nothing is lost, nothing runs twice',
  { timeout: 240_000 },
  () => rollingRestart(site),
);

test(
  'a worker whose connection swallows everything connects anew and goes on, on RabbitMQ',
  { timeout: 240_000 },
  () => swallowedConnection(site, true),
);
