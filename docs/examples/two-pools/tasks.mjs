// Two kinds of work, each routed to a queue of its own.
import { pbkdf2Sync } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { App } from '@pool/app';

const home = process.env['TWO_POOLS_HOME'] ?? '.pool';

export const app = new App('two-pools', {
  broker: `filesystem://${join(home, 'broker')}`,
  resultBackend: `filesystem://${join(home, 'results')}`,
  taskRoutes: { 'shop.hash': { queue: 'cpu' }, 'shop.notify': { queue: 'io' } },
});

/** Computes: on the event loop of a green pool it would hold up everything else. */
export const hash = app.task(
  'shop.hash',
  { bind: true, params: ['text'] },
  (self, /** @type {string} */ text) => ({
    hash: pbkdf2Sync(text, 'salt', 20_000, 32, 'sha256').toString('hex'),
    worker: self.request.hostname,
    pid: process.pid,
  }),
);

/** Waits: in a child process it would hold a core for nothing. */
export const notify = app.task(
  'shop.notify',
  { bind: true, params: ['customer'] },
  async (self, /** @type {string} */ customer) => {
    await setTimeout(50);
    return { told: customer, worker: self.request.hostname, pid: process.pid };
  },
);
