import { defineProject } from 'vitest/config';

export default defineProject({
  test: {
    name: 'interop',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/servers.ts',
    fileParallelism: false, // the files share the servers and their queues
  },
});
