/** How long a message's number is; ZooKeeper writes it. */
const SEQUENCE = 10;

/**
 * Where things are. Messages are where kombu (kazoo's queue recipe) has them: `/<vhost>/<queue>/entry-PPP-NNNNNNNNNN`,
 * the lowest name first, PPP counting down from the highest priority. Claims and bindings are ours, beside them.
 */
export class Paths {
  readonly #root: string;
  readonly #own: string;

  constructor(vhost: string) {
    const root = vhost.replace(/^\/+|\/+$/g, '');
    this.#root = root === '' ? '' : `/${root}`;
    this.#own = `/pool${this.#root}`;
  }

  queue(queue: string): string {
    return `${this.#root}/${stepOf(queue)}`;
  }

  /** What a new message is called; ZooKeeper appends its number. */
  entry(queue: string, priority: number): string {
    return `${this.queue(queue)}/entry-${String(Math.max(0, 9 - Math.min(9, priority))).padStart(3, '0')}-`;
  }

  claims(queue: string): string {
    return `${this.#own}/claims/${stepOf(queue)}`;
  }

  /** Any name as one step of a path. */
  step(name: string): string {
    return stepOf(name);
  }

  bindings(exchange: string): string {
    return `${this.#own}/bindings/${stepOf(exchange)}`;
  }
}

/** Whether a child of a queue is a message. */
export function isEntry(name: string): boolean {
  return name.startsWith('entry-') && name.length > SEQUENCE;
}

/** A name as one step of a path; kombu writes names as they are, so only what ZooKeeper would not take is changed. */
function stepOf(name: string): string {
  if (name === '.' || name === '..') return name.replaceAll('.', '%2E');
  return name.replaceAll('%', '%25').replaceAll('/', '%2F').replaceAll('\u0001', '%01');
}

/** The name that was made a step of a path. */
export function nameOf(step: string): string {
  return step
    .replaceAll('%01', '\u0001')
    .replaceAll('%2F', '/')
    .replaceAll('%2E', '.')
    .replaceAll('%25', '%');
}
