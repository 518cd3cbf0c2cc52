import { decodeEnvelope, type MessageLimits } from '@pool/message';
import type { TakenMessage } from '@pool/transport';

/** What a list held, as a message; or as the reason why it is none. */
export function decodeTaken(
  queue: string,
  tag: string,
  envelope: string,
  limits: Readonly<MessageLimits>,
): TakenMessage {
  try {
    const { message, deliveryInfo, deliveryCount } = decodeEnvelope(envelope, limits);
    const { exchange, routingKey, redelivered } = deliveryInfo;
    return { queue, tag, message, exchange, routingKey, redelivered, deliveryCount, handle: envelope };
  } catch (error) {
    const message = error instanceof Error ? error : new Error(String(error));
    const rest = { exchange: '', routingKey: queue, redelivered: false, deliveryCount: 0 };
    return { queue, tag, message, ...rest, handle: envelope };
  }
}
