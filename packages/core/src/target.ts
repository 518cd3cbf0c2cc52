/** A function run in the pool's own process. Keyword arguments, if any, come as one last object. */
// biome-ignore lint/suspicious/noExplicitAny: a target is called with whatever the caller gave; `never` would refuse it
export type TargetFunction<R = unknown> = (...args: any[]) => R | PromiseLike<R>;

/** An export of a module, found where the job runs: the one kind of target that can cross to a child. */
export interface TargetReference {
  /** An absolute path, a `file:` URL, or a package name. */
  readonly module: string;
  /** The export's name; dots reach into objects. */
  readonly name: string;
}

/** What a job runs. In-process pools take both kinds; pools whose jobs run elsewhere take references. */
export type Target<R = unknown> = TargetFunction<R> | TargetReference;

/** Throws a TypeError unless `value` is a target. */
export function assertTarget(value: unknown): asserts value is Target {
  if (typeof value === 'function') return;
  const reference = value as Partial<TargetReference> | null;
  if (
    typeof reference === 'object' &&
    typeof reference?.module === 'string' &&
    typeof reference.name === 'string'
  )
    return;
  throw new TypeError('the target must be a function or a reference { module, name }, both strings');
}
