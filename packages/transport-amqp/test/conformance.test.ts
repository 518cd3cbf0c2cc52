import { requireSharedRabbitmq } from '@pool/servers/vitest';
import { transportConformance } from '@pool/testkit/transport';
import { createTransport } from '@pool/transport-amqp';
import { connect } from 'amqplib';
import { describe, it } from 'vitest';

const rabbitmq = await requireSharedRabbitmq();

transportConformance({
  describe,
  it,
  name: 'amqp',
  url: () => rabbitmq.url,
  create: (url, options) => createTransport(url, options),
  module: { url: import.meta.resolve('@pool/transport-amqp') },
  reasonsAside: async (_place, queue) => {
    const connection = await connect(rabbitmq.url);
    try {
      const channel = await connection.createChannel();
      const reasons: string[] = [];
      for (;;) {
        const message = await channel.get(`${queue}.rejected`, { noAck: true });
        if (message === false) return reasons;
        reasons.push(String(message.properties.headers?.['x-rejected-reason']));
      }
    } finally {
      await connection.close();
    }
  },
});
