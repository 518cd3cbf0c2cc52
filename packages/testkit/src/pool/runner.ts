/** What the kit needs of a test's context: both vitest's and node:test's have it. */
export interface TestContext {
  skip(reason?: string): void;
  /** What vitest's reporters show of a test; node:test has none. */
  readonly task?: { readonly meta: object };
}

/** Ends a test that turns out not to apply, and tells reporters that nothing was left out. */
export function notApplicable(context: TestContext, reason: string): void {
  if (context.task) Object.assign(context.task.meta, { notApplicable: reason });
  context.skip(reason);
}

/** A runner's `describe`. */
export type Describe = (name: string, body: () => void) => unknown;

/** A runner's `it`, as vitest and node:test have it. */
export interface It {
  (name: string, options: { timeout: number }, body: (context: TestContext) => Promise<void>): unknown;
  skip(name: string, body: () => void): unknown;
}
