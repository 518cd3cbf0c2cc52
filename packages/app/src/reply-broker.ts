import type { ReplyBroker } from '@pool/results';
import type { Delivery, Transport } from '@pool/transport';

/** Seconds after which a reply queue that nobody consumes may go, as with Celery. */
const queueExpires = 86_400;

/** What a result store that answers through the broker gets of an app's connection. */
export function replyBroker(connected: () => Promise<Transport>): ReplyBroker {
  return {
    async reply({ replyTo, correlationId, body }) {
      const transport = await connected();
      const properties = { correlationId, deliveryMode: 1 };
      const content = { contentType: 'application/json', contentEncoding: 'utf-8', headers: {} };
      await transport.publish({ body, ...content, properties }, { exchange: '', routingKey: replyTo });
    },

    async listen(queue, onReply) {
      const transport = await connected();
      await transport.declareQueue({ name: queue, durable: false, autoDelete: true, expires: queueExpires });
      const consumer = await transport.consume({
        queues: [queue],
        onDeliveries(deliveries: Delivery[]) {
          for (const delivery of deliveries) {
            onReply(delivery.message.body, delivery.message.properties.correlationId ?? '');
            delivery.ack();
          }
        },
      });
      return () => consumer.cancel();
    },
  };
}
