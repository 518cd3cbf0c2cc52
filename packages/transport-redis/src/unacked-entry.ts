import { decodeEnvelope, type MessageLimits, markRedelivered } from '@pool/message';

/** What an entry of `unacked` says. */
export interface UnackedEntry {
  /** The message exactly as it was taken from its list. */
  envelope: string;
  exchange: string;
  routingKey: string;
}

/** `[envelope, exchange, routing key]`. The envelope stays text, so that no number in it is rounded. */
const ENTRY = /^\[\s*([\s\S]*\S)\s*,\s*("(?:[^"\\]|\\.)*")\s*,\s*("(?:[^"\\]|\\.)*")\s*\]$/;

/** Reads an entry of `unacked`, as kombu or we wrote it. Undefined for what is none. */
export function parseUnacked(text: string): UnackedEntry | undefined {
  const [, first = '', exchange = '', routingKey = ''] = ENTRY.exec(text) ?? [];
  try {
    return {
      // What was no envelope is kept as a JSON string.
      envelope: first.startsWith('"') ? (JSON.parse(first) as string) : first,
      exchange: JSON.parse(exchange) as string,
      routingKey: JSON.parse(routingKey) as string,
    };
  } catch {
    return undefined;
  }
}

/** What decides where a message goes when it is put back. What is no envelope has no priority. */
export function priorityAndCount(
  envelope: string,
  limits: Readonly<MessageLimits>,
): { priority: number; deliveryCount: number } {
  try {
    const { message, deliveryCount } = decodeEnvelope(envelope, limits);
    return { priority: message.properties.priority ?? 0, deliveryCount };
  } catch {
    return { priority: 0, deliveryCount: 0 };
  }
}

/** The envelope marked and counted; as it is where it is none: whoever takes it next sets it aside. */
export function marked(envelope: string, deliveryCount: number, limits: Readonly<MessageLimits>): string {
  try {
    return markRedelivered(envelope, { deliveryCount, limits });
  } catch {
    return envelope;
  }
}
