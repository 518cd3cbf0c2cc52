import { defineProject, type UserWorkspaceConfig } from 'vitest/config';

type TestSettings = NonNullable<UserWorkspaceConfig['test']>;

/**
 * What the tests of all packages have in common.
 * @param name The package's folder.
 * @param own What is different here.
 */
export function tests(name: string, own: TestSettings = {}): UserWorkspaceConfig {
  return defineProject({
    test: {
      name,
      include: ['test/**/*.test.{ts,mjs}'],
      // A busy machine takes its time; what hangs is ended all the same.
      testTimeout: 120_000,
      hookTimeout: 120_000,
      expect: { poll: { timeout: 60_000 } },
      // Files share a process, one after the other: starting one for each took a third of the time of a whole run.
      isolate: false,
      ...own,
    },
  });
}
