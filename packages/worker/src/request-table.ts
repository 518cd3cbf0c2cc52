import type { TaskHeaders } from '@pool/message';
import type { Delivery } from '@pool/transport';
import { LimitedSet } from './limited-set.js';
import type { Request } from './request/request.js';

/** How many ended requests are remembered, and for how many seconds: Celery's numbers for successful ones. */
const ENDED_MAX = 1000;
const ENDED_EXPIRES = 10_800;
/** How many buckets there are at first. */
const BUCKETS = 1024;

/**
 * The requests a worker holds, by id, and which ended lately. Buckets and their order run through the requests themselves:
 * a `Map` of what comes and goes is made anew again and again, and each of its old tables keeps all it held from the
 * collector of young garbage.
 */
export class RequestTable implements Iterable<Request> {
  #buckets: (Request | undefined)[] = new Array<Request | undefined>(BUCKETS).fill(undefined);
  /** Ids come from others, who are not to choose what shares a bucket. */
  readonly #seed: number = Math.trunc(Math.random() * 2 ** 32);
  #head: Request | undefined = undefined;
  #tail: Request | undefined = undefined;
  #size = 0;
  readonly #ended = new LimitedSet({ max: ENDED_MAX, expires: ENDED_EXPIRES });

  get size(): number {
    return this.#size;
  }

  /** The first that came of those with this id: a message may come twice, or a retry before its first run was settled. */
  get(id: string): Request | undefined {
    return this.#firstOf(this.#hash(id), id, undefined);
  }

  add(request: Request): void {
    if (this.#size >= this.#buckets.length) this.#grow();
    request.hash = this.#hash(request.id);
    request.previous = this.#tail;
    if (this.#tail === undefined) this.#head = request;
    else this.#tail.next = request;
    this.#tail = request;
    this.#size += 1;
    this.#putLast(request);
  }

  /** A request holds nothing any more; with `done` its outcome stands. */
  remove(request: Request, done: boolean): void {
    if (done) this.#ended.add(attemptOf(request.headers));
    if (!this.#takeOut(request)) return;
    const { previous, next } = request;
    if (previous === undefined) this.#head = next;
    else previous.next = next;
    if (next === undefined) this.#tail = previous;
    else next.previous = previous;
    request.previous = undefined;
    request.next = undefined;
    this.#size -= 1;
  }

  /**
   * Whether a message that the broker delivered again is one that runs here, or has ended here: then the delivery takes
   * the place of the one before, whose ack the broker never got, and nothing is to be run.
   */
  recognise(headers: TaskHeaders, delivery: Delivery): boolean {
    const request = this.#firstOf(this.#hash(headers.id), headers.id, headers.retries);
    if (request === undefined) {
      if (!this.#ended.has(attemptOf(headers))) return false;
      delivery.ack();
      return true;
    }
    if (request.acksLate || request.state !== 'accepted') request.delivery = delivery;
    else delivery.ack();
    return true;
  }

  /** Those that are held now; whoever goes through them may remove them. */
  [Symbol.iterator](): Iterator<Request> {
    const all: Request[] = [];
    for (let request = this.#head; request !== undefined; request = request.next) all.push(request);
    return all.values();
  }

  /** The first of those with an id, and of one attempt if that is given. */
  #firstOf(hash: number, id: string, retries: number | undefined): Request | undefined {
    let request = this.#buckets[hash & (this.#buckets.length - 1)];
    while (request !== undefined) {
      if (request.id === id && (retries === undefined || request.headers.retries === retries)) return request;
      request = request.nextInBucket;
    }
    return undefined;
  }

  #putLast(request: Request): void {
    const place = request.hash & (this.#buckets.length - 1);
    let last = this.#buckets[place];
    if (last === undefined) {
      this.#buckets[place] = request;
      return;
    }
    while (last.nextInBucket !== undefined) last = last.nextInBucket;
    last.nextInBucket = request;
  }

  /** False if it is not here. */
  #takeOut(request: Request): boolean {
    const place = request.hash & (this.#buckets.length - 1);
    let before: Request | undefined;
    let at = this.#buckets[place];
    while (at !== undefined && at !== request) {
      before = at;
      at = at.nextInBucket;
    }
    if (at === undefined) return false;
    if (before === undefined) this.#buckets[place] = request.nextInBucket;
    else before.nextInBucket = request.nextInBucket;
    request.nextInBucket = undefined;
    return true;
  }

  #grow(): void {
    this.#buckets = new Array<Request | undefined>(this.#buckets.length * 4).fill(undefined);
    for (const request of this) {
      request.nextInBucket = undefined;
      this.#putLast(request);
    }
  }

  /** FNV-1a. */
  #hash(id: string): number {
    let hash = this.#seed;
    for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x0100_0193);
    return hash ^ (hash >>> 15);
  }
}

/** A retry has the id of the first run, and is something else. */
function attemptOf(headers: TaskHeaders): string {
  return headers.retries === 0 ? headers.id : `${headers.id} ${headers.retries}`;
}
