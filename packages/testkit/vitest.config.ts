import { tests } from '../../vitest.shared.js';

export default tests('testkit', {
  maxConcurrency: 12,
  globalSetup: ['test/support/build-fixtures.ts'],
});
