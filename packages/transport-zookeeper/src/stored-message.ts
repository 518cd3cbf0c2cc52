import { decodeEnvelope, type Message } from '@pool/message';

/** How often a message was given to somebody: a property of its envelope, which other readers carry along. */
const COUNT_PROPERTY = 'x_delivery_count';

/** What a node's data says. */
export interface StoredMessage {
  message: Message;
  exchange: string;
  routingKey: string;
  /** How often it had been given to somebody before. */
  deliveryCount: number;
}

/** Reads a node's data; throws for what is no envelope. */
export function readMessage(data: Buffer): StoredMessage {
  const { message, deliveryInfo } = decodeEnvelope(data);
  const count = message.properties.extra?.[COUNT_PROPERTY];
  const known = typeof count === 'number' && Number.isSafeInteger(count) && count >= 0;
  const deliveryCount = known ? count : deliveryInfo.redelivered ? 1 : 0;
  return { message, exchange: deliveryInfo.exchange, routingKey: deliveryInfo.routingKey, deliveryCount };
}

/** The same data, saying that the message was given to somebody this often. */
export function withDeliveryCount(data: Buffer, deliveryCount: number): Buffer {
  const envelope = JSON.parse(data.toString()) as { properties?: Record<string, unknown> };
  envelope.properties = { ...envelope.properties, [COUNT_PROPERTY]: deliveryCount };
  return Buffer.from(JSON.stringify(envelope));
}
