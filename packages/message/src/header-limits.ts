import { inspectTree } from './json-decode.js';
import { DEFAULT_LIMITS, limitExceeded, type MessageLimits } from './limits.js';

/**
 * Checks headers that came another way than in an envelope (AMQP): their number, their nesting, and that no key
 * changes a prototype. Throws LimitExceededError, DecodeError.
 */
export function checkHeaders(
  headers: Record<string, unknown>,
  limits: Readonly<MessageLimits> = DEFAULT_LIMITS,
): void {
  checkHeaderCount(headers, limits);
  inspectTree(headers, limits.maxDepth, limits.maxDepth);
}

export function checkHeaderCount(headers: Record<string, unknown>, limits: Readonly<MessageLimits>): void {
  const { maxHeaders } = limits;
  if (Object.keys(headers).length > maxHeaders) {
    throw limitExceeded('maxHeaders', maxHeaders, 'Number of headers');
  }
}
