import type { TestProject } from 'vitest/node';
import { ServerMissingError } from './errors.js';
import { startRabbitmq } from './rabbitmq.js';
import type { RabbitmqAddress } from './rabbitmq-node.js';

declare module 'vitest' {
  interface ProvidedContext {
    sharedRabbitmq: RabbitmqAddress | { missing: string };
  }
}

/**
 * For `globalSetup` of a project whose files can do with one RabbitMQ, which takes seconds of CPU to start: it runs
 * until all of them have ended, and `requireSharedRabbitmq()` gives it to each.
 */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  try {
    const server = await startRabbitmq();
    provide('sharedRabbitmq', server.node.address);
    return () => server.stop();
  } catch (error) {
    if (!(error instanceof ServerMissingError)) throw error;
    provide('sharedRabbitmq', { missing: error.message });
    return async () => {};
  }
}
