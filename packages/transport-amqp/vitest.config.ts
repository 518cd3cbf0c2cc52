import { defineProject } from 'vitest/config';

export default defineProject({ test: { name: 'transport-amqp', include: ['test/**/*.test.ts'] } });
