import { defineProject } from 'vitest/config';

export default defineProject({ test: { name: 'prefork', include: ['test/**/*.test.ts'] } });
