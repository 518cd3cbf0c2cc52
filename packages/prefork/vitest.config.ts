import { tests } from '../../vitest.shared.js';

export default tests('prefork', {
  // Every Node process that starts reads this file, and these tests start many.
  env: { NODE_EXTRA_CA_CERTS: '' },
});
