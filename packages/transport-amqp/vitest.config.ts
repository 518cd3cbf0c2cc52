import { fileURLToPath } from 'node:url';
import { tests } from '../../vitest.shared.js';

export default tests('transport-amqp', {
  globalSetup: fileURLToPath(import.meta.resolve('@pool/servers/shared-rabbitmq')),
});
