import { type DecodedEnvelope, decodeEnvelope, type MessageLimits } from '@pool/message';

/** The body of an SQS message for an envelope. */
export function encodeBody(envelope: string, base64: boolean): string {
  return base64 ? Buffer.from(envelope).toString('base64') : envelope;
}

/** Reads a body as kombu reads it: base64 or plain JSON; JSON that is no envelope becomes the body of one. */
export function decodeBody(text: string, limits: Readonly<MessageLimits>): DecodedEnvelope {
  const plain = /^\s*[{["]/.test(text) ? text : Buffer.from(text, 'base64').toString('utf8');
  const parsed: unknown = JSON.parse(plain);
  const isEnvelope =
    typeof parsed === 'object' && parsed !== null && 'body' in parsed && 'properties' in parsed;
  if (isEnvelope) return decodeEnvelope(plain, limits);
  return {
    message: {
      body: Buffer.from(plain),
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      headers: {},
      properties: {},
    },
    deliveryInfo: { exchange: '', routingKey: '', redelivered: false },
    deliveryTag: '',
    deliveryCount: 0,
  };
}
