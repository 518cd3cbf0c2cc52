import { defineProject } from 'vitest/config';

export default defineProject({
  test: {
    name: 'faults',
    testTimeout: 240_000,
    hookTimeout: 120_000,
    include: ['test/**/*.test.ts'],
    fileParallelism: false, // each of them has several workers and a broker under load
  },
});
