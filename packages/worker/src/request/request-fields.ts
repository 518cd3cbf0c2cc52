import type { App } from '@pool/app';
import { decodeTaskBody, type ResultInput } from '@pool/message';
import type { Request } from './request.js';

/** What a document of a state says of its request besides the id, as Celery's does. */
export function requestFields(app: App, request: Request, hostname: string): Partial<ResultInput> {
  const { headers, delivery } = request;
  const { group: groupId, parentId, retries } = headers;
  if (app.options.resultExtended !== true) return { groupId, parentId };
  return {
    groupId,
    parentId,
    name: headers.task,
    ...decodedArguments(app, request),
    worker: hostname,
    retries,
    queue: delivery.routingKey,
  };
}

/** An unknown task has no traceback; with extended results Celery names the fields, and nothing in them. */
export function unknownFields(app: App): Partial<ResultInput> {
  if (app.options.resultExtended !== true) return { traceback: null };
  return { traceback: null, name: null, args: null, kwargs: null, worker: null, retries: null, queue: null };
}

/** Nothing where they cannot be read: whoever is to run them says why. */
function decodedArguments(app: App, { message }: Request): Partial<ResultInput> {
  try {
    const { args, kwargs } = decodeTaskBody(message, { codec: app.codec });
    return { args, kwargs };
  } catch {
    return {};
  }
}
