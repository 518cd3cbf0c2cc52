import { defineProject } from 'vitest/config';

export default defineProject({ test: { name: 'transport-redis', include: ['test/**/*.test.ts'] } });
