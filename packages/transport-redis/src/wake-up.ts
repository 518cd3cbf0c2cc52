import { createHash } from 'node:crypto';
import type { Clients } from './redis-clients.js';
import { COUNT, TAKE } from './scripts.js';
import { isForbidden, reasonOf } from './server-errors.js';

const CHANNEL = '__redis__:invalidate';
const TAKE_SHA = createHash('sha1').update(TAKE).digest('hex');

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

  /** Whether a change wakes. */
  get tracking(): boolean {
    return this.#tracking;
  }

  /** Turns tracking on, where the server can; where it cannot, the consumers' own poll has to do. */
  async start(wake: () => void): Promise<void> {
    const { commands, listener } = this.#clients;
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

  /**
   * Takes and arms, in one round trip. `count` is how many messages wait in the lists after that, `undefined` if they
   * could not be counted: what was taken is taken all the same.
   */
  async takeAndArm(
    rest: readonly [numberOfKeys: number, ...(string | number)[]],
    lists: readonly string[],
  ): Promise<{ taken: (string | number)[]; count: number | undefined }> {
    const send = (by: 'evalsha' | 'eval', script: string) =>
      this.#clients.commands
        .pipeline()
        [by](script, ...rest)
        .call('CLIENT', 'CACHING', 'YES')
        .eval(COUNT, lists.length, ...lists)
        .exec();
    let answers = await send('evalsha', TAKE_SHA);
    const [refusal] = answers?.[0] ?? [];
    if (refusal && reasonOf(refusal).startsWith('NOSCRIPT')) answers = await send('eval', TAKE);
    const [took, cached, counted] = answers ?? [];
    if (took?.[0]) throw took[0];
    const count = cached?.[0] || counted?.[0] ? undefined : (counted?.[1] as number);
    return { taken: took?.[1] as (string | number)[], count };
  }
}
