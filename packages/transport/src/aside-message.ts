import type { Message } from '@pool/message';

/** How much of a reason is kept with a message that is set aside. */
const MAX_REASON = 1000;

/** What is written on a message that is set aside, so that it can be inspected where it lies. */
export function asideHeaders(queue: string, reason: string): Record<string, string> {
  return {
    'x-rejected-reason': reason.slice(0, MAX_REASON),
    'x-rejected-queue': queue,
    'x-rejected-at': new Date().toISOString(),
  };
}

/** The message to be set aside; what could not be decoded is its raw bytes as a body. */
export function asideMessage(
  item: { readonly queue: string; readonly message: Message | undefined },
  reason: string,
  raw: Uint8Array,
): Message {
  const headers = asideHeaders(item.queue, reason);
  const { message } = item;
  if (message !== undefined) return { ...message, headers: { ...message.headers, ...headers } };
  return {
    body: raw,
    contentType: 'application/octet-stream',
    contentEncoding: 'binary',
    headers,
    properties: {},
  };
}
