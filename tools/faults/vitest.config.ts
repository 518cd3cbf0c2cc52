import { tests } from '../../vitest.shared.js';

export default tests('faults', {
  testTimeout: 240_000,
  fileParallelism: false, // each of them has several workers and a broker under load
  isolate: true, // the app that they load takes its broker from the environment, once
});
