import { defineProject } from 'vitest/config';

// Property tests and the Python peer take seconds, more on a busy machine.
export default defineProject({
  test: { name: 'message', include: ['test/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 },
});
