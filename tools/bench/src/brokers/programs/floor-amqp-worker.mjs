// The least a RabbitMQ worker can do without losing messages: prefetch 1000, reads the body, one ack for all of a turn.
import { amqpUrl, requirePeer } from './peers.mjs';

const connection = await requirePeer('amqplib').connect(amqpUrl);
const channel = await connection.createChannel();
await channel.prefetch(1000);
/** @type {unknown} */
let last;
await channel.consume('celery', (/** @type {{ content: Buffer }} */ message) => {
  JSON.parse(message.content.toString());
  if (last === undefined) {
    setImmediate(() => {
      channel.ack(last, true);
      last = undefined;
    });
  }
  last = message;
});
