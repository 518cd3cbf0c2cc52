import type { ResolvedQueue } from '@pool/app';
import type { Transport } from '@pool/transport';
import type { WorkerLogger } from './logging/logger.js';

/** Declares queues with their exchanges and bindings, each of which may be there already. */
export async function declareQueues(transport: Transport, queues: readonly ResolvedQueue[]): Promise<void> {
  for (const { exchange, exchangeType, routingKey, ...declaration } of queues) {
    if (exchange !== '') await transport.declareExchange({ name: exchange, type: exchangeType });
    await transport.declareQueue(declaration);
    if (exchange !== '') await transport.bindQueue({ queue: declaration.name, exchange, routingKey });
  }
}

/** Does a step of the start again when the connection is lost meanwhile: it comes back, as it does later. */
export async function whileReconnecting(
  transport: Transport,
  signal: AbortSignal,
  logger: WorkerLogger,
  step: () => Promise<void>,
): Promise<void> {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (transport.state !== 'reconnecting' || signal.aborted) throw error;
      logger.warn({ err: error }, 'The connection was lost during the start; going on when it is back');
      await transport.connect();
    }
  }
}
