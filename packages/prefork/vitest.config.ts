import { defineProject } from 'vitest/config';

export default defineProject({
  test: {
    name: 'prefork',
    include: ['test/**/*.test.ts'],
    // Every Node process that starts reads this file, and these tests start many.
    env: { NODE_EXTRA_CA_CERTS: '' },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
