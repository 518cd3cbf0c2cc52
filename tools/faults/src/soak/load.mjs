import { group } from '@pool/app';
import { app, fail, flaky, hang, large, lose, print, progress, quick, wait } from './app.mjs';

/** How many tasks of a kind are in a thousand; the rest are quick. */
const kinds = {
  wait: 200,
  fail: 40,
  flaky: 20,
  progress: 20,
  large: 20,
  print: 10,
  later: 20,
  group: 5,
};

const text = 'x'.repeat(50_000);

/** @type {Record<string, (n: number) => Promise<unknown>>} */
const senders = {
  quick: (n) => quick.delay(n),
  wait: (n) => wait.delay(n % 20),
  fail: (n) => fail.delay(`number ${n}`),
  flaky: () => flaky.delay(),
  progress: () => progress.delay(),
  large: () => large.delay(text),
  print: (n) => print.delay(`line ${n}`),
  later: (n) => quick.applyAsync([n], { countdown: 1 }),
  group: (n) => group([quick.s(n), wait.s(1), quick.s(n)]).applyAsync(),
};

/** A list of a thousand kinds, evenly mixed. */
const mix = Object.entries(kinds)
  .flatMap(([kind, count]) =>
    Array.from({ length: count }, (_, i) => /** @type {const} */ ([kind, i / count])),
  )
  .concat(Array.from({ length: 1000 }, (_, i) => /** @type {const} */ (['quick', i / 1000])))
  .sort((a, b) => a[1] - b[1])
  .map(([kind]) => kind);

/** Sends tasks at a rate, as long as not too many wait. */
export class Load {
  sent = 0;
  /** How often sending failed, because the connection was cut meanwhile. */
  refused = 0;
  /** @type {unknown} the last reason for that */
  refusal;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #owed = 0;
  #busy = false;
  #last = performance.now();
  #rate;
  #rare;
  #mayLose;

  /**
   * @param {number} rate tasks a second
   * @param {number} rare of so many tasks, one hangs until its time limit and one kills its process; none if it is 0
   * @param {boolean} mayLose whether the pool survives a task that kills its process
   */
  constructor(rate, rare, mayLose) {
    this.#rate = rate;
    this.#rare = rare;
    this.#mayLose = mayLose;
  }

  start() {
    this.#timer = setInterval(() => void this.#tick(), 100);
  }

  stop() {
    clearInterval(this.#timer);
  }

  async #tick() {
    const now = performance.now();
    this.#owed = Math.min(this.#owed + (this.#rate * (now - this.#last)) / 1000, this.#rate);
    this.#last = now;
    if (this.#busy) return;
    this.#busy = true;
    try {
      const transport = await app.transport();
      // The first time; after that it is connected, or reconnects by itself.
      await transport.connect();
      if ((await transport.queueSize('celery')) < this.#rate) await this.#send(Math.floor(this.#owed));
    } catch (error) {
      this.#refuse(error);
    } finally {
      this.#busy = false;
    }
  }

  /** @param {number} count */
  async #send(count) {
    this.#owed -= count;
    const sends = Array.from({ length: count }, () => this.#sendOne(this.sent++));
    for (const sent of await Promise.allSettled(sends))
      if (sent.status === 'rejected') this.#refuse(sent.reason);
  }

  /** @param {unknown} reason */
  #refuse(reason) {
    this.refused += 1;
    this.refusal = reason;
  }

  /** @param {number} n */
  #sendOne(n) {
    const turn = this.#rare > 0 ? n % this.#rare : undefined;
    if (turn === this.#rare - 1) return hang.delay();
    if (turn === this.#rare >> 1 && this.#mayLose) return lose.delay();
    return senders[mix[n % mix.length] ?? 'quick']?.(n);
  }
}
