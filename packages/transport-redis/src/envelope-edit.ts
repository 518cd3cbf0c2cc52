/** Where the number of earlier deliveries is kept: among the properties, which brokers carry along. */
const COUNT_PROPERTY = 'x_delivery_count';

interface Envelope {
  headers?: Record<string, unknown>;
  properties?: Record<string, unknown> & { delivery_info?: Record<string, unknown> };
}

/** The envelope of a message that is given back, marked as kombu marks it and counted. */
export function markRedelivered(envelope: string, deliveryCount: number): string {
  let parsed: Envelope;
  try {
    parsed = JSON.parse(envelope) as Envelope;
  } catch {
    return envelope;
  }
  if (typeof parsed !== 'object' || parsed === null) return envelope;
  parsed.headers = { ...parsed.headers, redelivered: true };
  const { delivery_info: info, ...properties } = parsed.properties ?? {};
  parsed.properties = {
    ...properties,
    delivery_info: { ...info, redelivered: true },
    [COUNT_PROPERTY]: deliveryCount,
  };
  return JSON.stringify(parsed);
}

/** How often a message was delivered before, from what decoding left of its properties. */
export function deliveryCountOf(
  extra: Readonly<Record<string, unknown>> | undefined,
  redelivered: boolean,
): number {
  const count = extra?.[COUNT_PROPERTY];
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) return count;
  // kombu marks, but does not count.
  return redelivered ? 1 : 0;
}

/** What an entry of `unacked` says. */
export interface UnackedEntry {
  envelope: string;
  exchange: string;
  routingKey: string;
  priority: number;
  deliveryCount: number;
}

/** Reads an entry of `unacked`, as kombu or we wrote it: `[envelope, exchange, routing key]`. Undefined for what is none. */
export function parseUnacked(text: string): UnackedEntry | undefined {
  let entry: unknown;
  try {
    entry = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(entry)) return undefined;
  const [envelope, exchange, routingKey] = entry as [unknown, unknown, unknown];
  if (typeof exchange !== 'string' || typeof routingKey !== 'string') return undefined;
  if (typeof envelope === 'string') return { envelope, exchange, routingKey, priority: 0, deliveryCount: 0 };
  const { properties, headers } = (envelope ?? {}) as Envelope;
  const priority = Number(properties?.['priority'] ?? 0);
  const redelivered = headers?.['redelivered'] === true;
  return {
    envelope: JSON.stringify(envelope),
    exchange,
    routingKey,
    priority: Number.isFinite(priority) ? priority : 0,
    deliveryCount: deliveryCountOf(properties, redelivered),
  };
}
