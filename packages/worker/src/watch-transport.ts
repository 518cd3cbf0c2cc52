import type { Transport, TransportEvents } from '@pool/transport';
import type { Worker } from './worker.js';

/** Counts, logs and passes on what happens to a worker's connection. Returns what ends it. */
export function watchTransport(transport: Transport, worker: Worker): () => void {
  const { logger, counters } = worker;
  const listeners: { [Name in keyof TransportEvents]?: (...args: TransportEvents[Name]) => void } = {
    connected: (epoch) => {
      if (epoch > 1) counters.reconnects += 1;
      logger.info(`Connected to ${transport.url}`);
      worker.emit('connected');
    },
    disconnected: (error) => {
      logger.error({ err: error }, `Lost the connection to ${transport.url}: ${error.message}`);
      worker.emit('disconnected', error);
    },
    reconnecting: (error, attempt, delay) => {
      logger.warn(`Attempt ${attempt} to reconnect failed: ${error.message}; the next is in ${delay} s`);
    },
    failed: (error) => {
      logger.fatal({ err: error }, `Gave up reconnecting to ${transport.url}`);
    },
    blocked: (reason) => logger.error(`The broker ${transport.url} takes no messages for now: ${reason}`),
    unblocked: () => logger.info(`The broker ${transport.url} takes messages again`),
    consumerCancelled: (_consumer, queue) => {
      logger.error(`The broker took the queue ${queue} away`);
    },
    consumerResumed: (_consumer, queue) => {
      logger.info(`The queue ${queue} is there again, and is consumed from`);
    },
    consumerStalled: (_consumer, queue, error, delay) => {
      logger.error(
        { err: error },
        `The queue ${queue} could not be made again: ${error.message}; the next attempt is in ${delay.toFixed(1)} s`,
      );
    },
    refused: (queue, reason) => {
      counters.setAside += 1;
      logger.error({ queue }, `Refused a message of the queue ${queue}: ${reason}. It is set aside`);
    },
    setAsideFailed: (queue, error) => {
      logger.error(
        { err: error },
        `A message of ${queue} that cannot be read could not be set aside: ${error.message}; it is held, and tried again`,
      );
    },
    staleSettlement: (delivery, error) => {
      counters.stale += 1;
      const { id, task } = delivery.message.headers;
      logger.warn(
        { taskId: id, taskName: task },
        `The acknowledgement of ${String(task)}[${String(id)}] had no effect: ${error.message}`,
      );
    },
    setAside: (record) => worker.emit('setAside', record),
    restored: (count) => logger.warn(`${count} messages of a consumer that died are back in their queues`),
  };
  for (const [name, listener] of Object.entries(listeners)) transport.on(name as never, listener as never);
  return () => {
    for (const [name, listener] of Object.entries(listeners)) transport.off(name as never, listener as never);
  };
}
