import type { Attributes } from '@opentelemetry/api';
import type { OutgoingTask, TracedRun } from '@pool/app';

/** What the messaging conventions call the system; it is Celery's protocol, whatever the broker. */
const SYSTEM = 'celery';

/**
 * Attributes of a message that is sent: OpenTelemetry's messaging conventions, and `celery.…` for what these have no
 * word for, spelled as the Celery instrumentation in Python does.
 */
export function sendAttributes({ id, task, message, destination }: OutgoingTask): Attributes {
  const { headers, body } = message;
  const { exchange = '', routingKey } = destination;
  return {
    'messaging.system': SYSTEM,
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': exchange === '' ? routingKey : exchange,
    'messaging.message.id': id,
    'messaging.message.conversation_id': textOr(headers['root_id'], id),
    'messaging.message.body.size': body.length,
    'celery.task_name': task,
    ...(exchange === '' ? {} : { 'celery.routing_key': routingKey }),
    ...retriesAttribute(headers['retries']),
    ...groupAttribute(headers['group']),
  };
}

/** Attributes of a run. */
export function runAttributes(run: TracedRun): Attributes {
  return {
    'messaging.system': SYSTEM,
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': run.routingKey,
    'messaging.message.id': run.id,
    'messaging.message.conversation_id': run.rootId,
    'messaging.message.body.size': run.bodySize,
    'celery.task_name': run.task,
    'celery.hostname': run.hostname,
    ...retriesAttribute(run.retries),
    ...groupAttribute(run.group),
    ...(run.redelivered ? { 'celery.redelivered': true } : {}),
  };
}

function retriesAttribute(retries: unknown): Attributes {
  return typeof retries === 'number' && retries > 0 ? { 'celery.retries': retries } : {};
}

function groupAttribute(group: unknown): Attributes {
  return typeof group === 'string' ? { 'celery.group': group } : {};
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback;
}
