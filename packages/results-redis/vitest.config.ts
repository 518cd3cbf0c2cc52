import { defineProject } from 'vitest/config';

export default defineProject({ test: { name: 'results-redis', include: ['test/**/*.test.ts'] } });
