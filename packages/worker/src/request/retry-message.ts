import type { App, OutgoingTask } from '@pool/app';
import { type Message, parseIso } from '@pool/message';
import type { PreparedRetry } from '../tracer/outcome.js';
import type { Request } from './request.js';

/**
 * The message that runs a task again: the one that ran, with all its headers and followers, one more in `retries` and
 * an ETA; back into the queue it came from unless the task says otherwise. Celery's `Task.signature_from_request`.
 *
 * @param delays whether the broker can hold it until its time
 */
export function retryMessage(
  app: App,
  request: Request,
  retry: PreparedRetry,
  delays: boolean,
): OutgoingTask {
  const { message: original, headers: task } = request;
  const { queue } = request.delivery;
  const headers: Record<string, unknown> = {
    ...original.headers,
    ...retry.headers,
    retries: task.retries + 1,
    eta: retry.eta,
  };
  if (retry.expires !== undefined) headers['expires'] = retry.expires;
  if (retry.timelimit !== undefined) headers['timelimit'] = retry.timelimit;
  delete headers['redelivered'];
  const message: Message = { ...original, headers, properties: { ...original.properties } };
  if (retry.body !== undefined) {
    const { body, contentType, contentEncoding, compression } = retry.body;
    Object.assign(message, { body, contentType, contentEncoding });
    if (compression === undefined) delete headers['compression'];
    else headers['compression'] = compression;
  }
  const priority = retry.priority ?? original.properties.priority ?? 0;
  message.properties.priority = priority;
  message.properties.expiration = expirationOf(headers['expires']);
  const target = retry.queue === undefined ? null : app.queues.get(retry.queue);
  const delay = delays ? retry.seconds : 0;
  return {
    id: request.id,
    task: task.task,
    message,
    destination: { routingKey: target?.name ?? queue, priority, ...(delay > 0 ? { delay } : {}) },
    queue: target,
    retry: true,
    ignoreResult: task.ignoreResult,
  };
}

/** What a broker may drop by itself: whole milliseconds from now. */
function expirationOf(expires: unknown): string | undefined {
  const at = typeof expires === 'string' ? parseIso(expires) : null;
  return at === null ? undefined : String(Math.max(0, Math.trunc(at.getTime() - Date.now())));
}
