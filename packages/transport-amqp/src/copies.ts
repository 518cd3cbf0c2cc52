import { checkHeaders, type Message, type MessageLimits, type MessageProperties } from '@pool/message';
import { asideHeaders, type Delivery } from '@pool/transport';
import { UNDECODABLE } from './undecodable.js';

/** How often a message was delivered before it was given back as a copy, which the broker takes for a new message. */
const COUNT_HEADER = 'x-pool-delivery-count';
/** How often a quorum queue delivered a message before. */
const QUORUM_COUNT_HEADER = 'x-delivery-count';

/**
 * How often a message was delivered before, as far as that is known, taken out of its headers: a copy of the message
 * begins anew. A quorum queue counts; a classic one says no more than that it was delivered before.
 *
 * @param counts whether the queue counts, without saying 0
 */
export function takeDeliveryCount(
  headers: Record<string, unknown>,
  redelivered: boolean,
  counts: boolean,
): number | undefined {
  const [copied, counted] = [headers[COUNT_HEADER], headers[QUORUM_COUNT_HEADER]];
  if (copied === undefined && counted === undefined) return counts ? 0 : undefined;
  delete headers[COUNT_HEADER];
  delete headers[QUORUM_COUNT_HEADER];
  const before = countOf(copied);
  return counts || counted !== undefined ? before + countOf(counted) : before + (redelivered ? 1 : 0);
}

function countOf(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : 0;
}

/** The message to be delivered again, with how often it was. */
export function countedCopy(delivery: Delivery): Message {
  const { message, deliveryCount, redelivered } = delivery;
  const before = deliveryCount ?? (redelivered ? 1 : 0);
  return { ...message, headers: { ...message.headers, redelivered: true, [COUNT_HEADER]: before + 1 } };
}

/** The message to be kept where it can be inspected: for ever, and without headers that nobody should read. */
export function asideCopy(delivery: Delivery, reason: string, limits: Readonly<MessageLimits>): Message {
  const { message, queue } = delivery;
  const properties: MessageProperties = { ...message.properties, expiration: undefined, priority: 0 };
  const headers = refusalOf(message, limits) === undefined ? message.headers : {};
  return { ...message, properties, headers: { ...headers, ...asideHeaders(queue, reason) } };
}

/** Why nobody should look into a message's headers, if so. */
export function refusalOf({ headers }: Message, limits: Readonly<MessageLimits>): string | undefined {
  const undecodable = (headers as { [UNDECODABLE]?: string })[UNDECODABLE];
  if (undecodable !== undefined) return `its properties cannot be decoded: ${undecodable}`;
  try {
    checkHeaders(headers, limits);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
