import type { Message } from '@pool/transport';

export function message(text: string, contentType = 'text/plain'): Message {
  return { body: Buffer.from(text), contentType, contentEncoding: 'utf-8', headers: {}, properties: {} };
}
