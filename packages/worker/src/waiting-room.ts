import type { Transport } from '@pool/transport';
import type { WorkerLogger } from './logging/logger.js';
import { parseRate, RateBucket } from './rate-limit.js';
import { labelOf } from './request/announce.js';
import type { Request } from './request/request.js';
import { Schedule } from './schedule.js';

/** From how many seconds on a task is given to a broker that can hold it, rather than held here. */
const LONG_WAIT = 60;
/** For how many seconds at most, where a rate is what it waits for: that may be changed meanwhile. */
const LONGEST_TURN = 3600;

/** What waiting needs of its worker. */
export interface WaitingRoomOptions {
  readonly transport: Transport;
  readonly logger: WorkerLogger;
  /** How many tasks may wait here, for their ETA or their task's rate. */
  readonly etaTaskLimit: number;
  readonly disableRateLimits: boolean;
  /** Rates by task name, before those of the tasks. */
  readonly rateLimits: Readonly<Record<string, string | number>>;
  /** It is the request's time and turn. */
  start(request: Request): void;
  /** `held` has changed, and with it how many may be taken on top of the prefetch. */
  onHeldChange(): void;
  /** A request is given back to the broker, which holds it until its time. */
  giveBack(request: Request): void;
}

/**
 * Where requests wait until they may run: for their ETA, and for their task's rate. Few wait for long: a broker that can
 * hold messages gets back what is far off, or too much.
 */
export class WaitingRoom {
  readonly #options: WaitingRoomOptions;
  readonly #schedule: Schedule<Request>;
  readonly #buckets = new Map<string, RateBucket<Request> | null>();
  /** How many are in the buckets. */
  #limited = 0;
  #warned = false;

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
    this.#schedule = new Schedule((due) => {
      options.onHeldChange();
      for (const request of due) this.#limit(request);
    });
  }

  /** How many wait here. They come on top of the prefetch, so that they keep no others from running. */
  get held(): number {
    return this.#schedule.size + this.#limited;
  }

  /** Requests that wait for their ETA, with it in Unix milliseconds. */
  scheduled(): Iterable<readonly [request: Request, at: number]> {
    return this.#schedule.entries();
  }

  /** Starts a request when it may. */
  admit(request: Request): void {
    const { eta } = request.headers;
    if (eta === null) {
      this.#limit(request);
      return;
    }
    const wait = (eta.getTime() - Date.now()) / 1000;
    if (wait <= 0) this.#limit(request);
    else this.#hold(request, eta.getTime(), wait);
  }

  /** Sets a task's rate from now on, for those that wait too. @throws TypeError for what is no rate */
  setRate(task: string, limit: string | number | null): void {
    const rate = parseRate(limit);
    const bucket = this.#buckets.get(task);
    if (bucket) bucket.setRate(rate);
    this.#buckets.set(task, rate === 0 ? null : (bucket ?? this.#newBucket(rate)));
  }

  /** Takes everything out. */
  drain(): Request[] {
    const all = this.#schedule.drain();
    for (const bucket of this.#buckets.values()) if (bucket) all.push(...bucket.drain());
    this.#limited = 0;
    return all;
  }

  #hold(request: Request, at: number, wait: number): void {
    if (this.#isForBroker(wait)) {
      this.#giveBack(request, wait);
      return;
    }
    request.state = 'held';
    this.#schedule.add(request, at);
    this.#options.logger.debug(
      { taskId: request.id },
      `Task ${labelOf(request)} waits until ${new Date(at).toISOString()}`,
    );
    this.#onHeld();
  }

  #limit(request: Request): void {
    const bucket = this.#bucketOf(request);
    if (bucket === null) {
      this.#options.start(request);
      return;
    }
    const { wait } = bucket;
    if (wait > 0 && this.#isForBroker(wait)) {
      this.#giveBack(request, Math.min(wait, LONGEST_TURN));
      return;
    }
    request.state = 'limited';
    this.#limited += 1;
    bucket.add(request);
    if (bucket.size > 0) this.#onHeld();
  }

  /** Whether what has to wait so many seconds waits with the broker: few wait for long here. */
  #isForBroker(wait: number): boolean {
    const { transport, etaTaskLimit } = this.#options;
    return transport.capabilities.delayedDelivery && (wait > LONG_WAIT || this.held >= etaTaskLimit);
  }

  #giveBack(request: Request, delay: number): void {
    this.#options.giveBack(request);
    request.delivery.reject({ requeue: true, delay });
  }

  #onHeld(): void {
    const { etaTaskLimit, logger, onHeldChange } = this.#options;
    if (this.held <= etaTaskLimit) {
      onHeldChange();
      return;
    }
    if (this.#warned) return;
    this.#warned = true;
    logger.warn(
      `${etaTaskLimit} tasks wait here for their ETA or their rate, which is etaTaskLimit: no more are taken beyond the prefetch until some may start`,
    );
  }

  #bucketOf(request: Request): RateBucket<Request> | null {
    const { name, options } = request.task;
    const known = this.#buckets.get(name);
    if (known !== undefined) return known;
    const { disableRateLimits, rateLimits } = this.#options;
    const limit = Object.hasOwn(rateLimits, name) ? rateLimits[name] : options.rateLimit;
    const rate = disableRateLimits ? 0 : parseRate(limit);
    const bucket = rate === 0 ? null : this.#newBucket(rate);
    this.#buckets.set(name, bucket);
    return bucket;
  }

  #newBucket(rate: number): RateBucket<Request> {
    return new RateBucket(rate, (request) => {
      this.#limited -= 1;
      this.#options.onHeldChange();
      this.#options.start(request);
    });
  }
}
