import type { TaskHeaders } from '@pool/message';
import type { Delivery } from '@pool/transport';
import { LimitedSet } from './limited-set.js';
import type { Request } from './request/request.js';

/** How many ended requests are remembered, and for how many seconds: Celery's numbers for successful ones. */
const ENDED_MAX = 1000;
const ENDED_EXPIRES = 10_800;

/** The requests a worker holds, by id, and which ended lately. */
export class RequestTable implements Iterable<Request> {
  readonly #requests = new Map<string, Request>();
  readonly #ended = new LimitedSet({ max: ENDED_MAX, expires: ENDED_EXPIRES });
  /** Requests of an id that is in the map already: the same message twice, or a retry before its first run was settled. */
  readonly #doubles = new Set<Request>();

  get size(): number {
    return this.#requests.size + this.#doubles.size;
  }

  get(id: string): Request | undefined {
    return this.#requests.get(id);
  }

  add(request: Request): void {
    if (this.#requests.has(request.id)) this.#doubles.add(request);
    else this.#requests.set(request.id, request);
  }

  /** A request holds nothing any more; with `done` its outcome stands. */
  remove(request: Request, done: boolean): void {
    if (done) this.#ended.add(attemptOf(request.headers));
    if (this.#doubles.delete(request)) return;
    if (this.#requests.get(request.id) !== request) return;
    this.#requests.delete(request.id);
    for (const double of this.#doubles) {
      if (double.id !== request.id) continue;
      this.#doubles.delete(double);
      this.#requests.set(double.id, double);
      return;
    }
  }

  /**
   * Whether a message that the broker delivered again is one that runs here, or has ended here: then the delivery takes
   * the place of the one before, whose ack the broker never got, and nothing is to be run.
   */
  recognise(headers: TaskHeaders, delivery: Delivery): boolean {
    const request = this.#find(headers);
    if (request === undefined) {
      if (!this.#ended.has(attemptOf(headers))) return false;
      delivery.ack();
      return true;
    }
    if (request.acksLate || request.state !== 'accepted') request.delivery = delivery;
    else delivery.ack();
    return true;
  }

  *[Symbol.iterator](): Iterator<Request> {
    yield* this.#requests.values();
    yield* this.#doubles;
  }

  #find(headers: TaskHeaders): Request | undefined {
    const { id, retries } = headers;
    const request = this.#requests.get(id);
    if (request === undefined || request.headers.retries === retries) return request;
    for (const double of this.#doubles)
      if (double.id === id && double.headers.retries === retries) return double;
    return undefined;
  }
}

/** A retry has the id of the first run, and is something else. */
function attemptOf(headers: TaskHeaders): string {
  return headers.retries === 0 ? headers.id : `${headers.id} ${headers.retries}`;
}
