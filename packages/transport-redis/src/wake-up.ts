import type { Clients } from './redis-clients.js';
import { COUNT } from './scripts.js';
import { isForbidden, reasonOf } from './server-errors.js';

const CHANNEL = '__redis__:invalidate';

/**
 * Wakes consumers when a producer, any producer, pushes to an empty queue. The server is asked to track the keys that
 * are counted before a consumer goes to sleep; the first change of one arrives as an invalidation. Nothing is polled
 * and nothing is removed by waiting.
 */
export class WakeUp {
  readonly #clients: Clients;
  #tracking = false;

  constructor(clients: Clients) {
    this.#clients = clients;
  }

  /** Turns tracking on, where the server can; where it cannot, the consumers' own poll has to do. */
  async start(wake: () => void): Promise<void> {
    const { commands, listener } = this.#clients;
    if (commands.isCluster) return;
    try {
      const id = await listener.call('CLIENT', 'ID');
      await listener.subscribe(CHANNEL);
      listener.on('message', (channel: string) => {
        if (channel === CHANNEL) wake();
      });
      await commands.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id), 'OPTIN');
      this.#tracking = true;
    } catch (error) {
      if (!isForbidden(error) && !/^ERR unknown/i.test(reasonOf(error))) throw error;
    }
  }

  /** How many messages wait in the lists; from now on a change of any of them wakes. */
  async arm(lists: readonly string[]): Promise<number> {
    const { commands } = this.#clients;
    if (!this.#tracking) return commands.poolCount(lists.length, ...lists);
    // Written together, so that no other command comes between the two; and whole, since a script that the server has
    // forgotten would use up the first for nothing.
    const caching = commands.call('CLIENT', 'CACHING', 'YES');
    const [, count] = await Promise.all([
      caching,
      commands.eval(COUNT, lists.length, ...lists) as Promise<number>,
    ]);
    return count;
  }
}
