import { tests } from '../../vitest.shared.js';

export default tests('interop', {
  globalSetup: 'test/support/servers.ts',
  fileParallelism: false, // the files share the servers and their queues
});
