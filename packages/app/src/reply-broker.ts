import type { ReplyBroker } from '@pool/results';
import type { Delivery, Transport } from '@pool/transport';

/** What a result store that answers through the broker gets of an app's connection. */
export function replyBroker(connected: () => Promise<Transport>): ReplyBroker {
  return {
    async reply({ replyTo, correlationId, body }) {
      const transport = await connected();
      const properties = { correlationId, deliveryMode: 1 };
      const content = { contentType: 'application/json', contentEncoding: 'utf-8', headers: {} };
      await transport.publish({ body, ...content, properties }, { exchange: '', routingKey: replyTo });
    },

    async listen(queue, onReply, { expires = 86_400 } = {}) {
      const transport = await connected();
      // Celery's is gone with its connection, and the results that come before the next with it.
      await transport.declareQueue({ name: queue, expires });
      const consumer = await transport.consume({
        queues: [queue],
        onDeliveries(deliveries: Delivery[]) {
          for (const delivery of deliveries) {
            onReply(delivery.message.body, delivery.message.properties.correlationId ?? '');
            delivery.ack();
          }
        },
      });
      return async () => {
        await consumer.cancel();
        await transport.deleteQueue(queue);
      };
    },
  };
}
