import { defineProject } from 'vitest/config';

export default defineProject({
  test: { name: 'results-filesystem', include: ['test/**/*.test.ts'], testTimeout: 60_000 },
});
