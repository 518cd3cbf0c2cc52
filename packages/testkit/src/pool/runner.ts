/** What the kit needs of a test's context: both vitest's and node:test's have it. */
export interface TestContext {
  skip(reason?: string): void;
}

/** A runner's `describe`. */
export type Describe = (name: string, body: () => void) => unknown;

/** A runner's `it`, as vitest and node:test have it. */
export interface It {
  (name: string, options: { timeout: number }, body: (context: TestContext) => Promise<void>): unknown;
  skip(name: string, body: () => void): unknown;
}
