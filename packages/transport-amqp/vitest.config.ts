import { fileURLToPath } from 'node:url';
import { defineProject } from 'vitest/config';

export default defineProject({
  test: {
    name: 'transport-amqp',
    include: ['test/**/*.test.ts'],
    globalSetup: fileURLToPath(import.meta.resolve('@pool/servers/shared-rabbitmq')),
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
