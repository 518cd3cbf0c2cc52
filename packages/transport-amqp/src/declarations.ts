import {
  ConnectionError,
  DeclarationMismatchError,
  NotDeclaredError,
  type QueueDeclaration,
} from '@pool/transport';
import type { Options } from 'amqplib';

/** A queue's declaration as amqplib takes it. */
export function queueOptions(
  declaration: QueueDeclaration,
  defaultType: string | undefined,
): Options.AssertQueue {
  const { durable = true, exclusive = false, autoDelete = false } = declaration;
  const type = declaration.queueType ?? (durable && !exclusive && !autoDelete ? defaultType : undefined);
  const args: Record<string, unknown> = { ...declaration.arguments };
  if (type !== undefined && type !== 'classic') args['x-queue-type'] = type;
  if (declaration.expires !== undefined) args['x-expires'] = Math.round(declaration.expires * 1000);
  if (declaration.messageTtl !== undefined) args['x-message-ttl'] = Math.round(declaration.messageTtl * 1000);
  if (declaration.maxPriority !== undefined) args['x-max-priority'] = declaration.maxPriority;
  if (declaration.deadLetterExchange !== undefined)
    args['x-dead-letter-exchange'] = declaration.deadLetterExchange;
  if (declaration.deadLetterRoutingKey !== undefined) {
    args['x-dead-letter-routing-key'] = declaration.deadLetterRoutingKey;
  }
  return { durable, exclusive, autoDelete, arguments: args };
}

/** The broker's refusal of a declaration, or of what needs one, as what the caller can act on. */
export function declarationError(what: string, wanted: unknown, cause: unknown): unknown {
  if (cause instanceof TypeError || cause instanceof RangeError) return cause;
  const { code, message } = cause as { code?: unknown; message?: string };
  switch (code) {
    case 404:
      return new NotDeclaredError(`the ${what} is not there: ${message}`, { cause });
    case 405:
      return new DeclarationMismatchError(
        `the ${what} is there already, for another connection alone: ${message}; asked for was ${JSON.stringify(wanted)}`,
        { cause },
      );
    case 406:
      // It names the first property that differs, with what is there and what was asked for.
      return new DeclarationMismatchError(
        `the ${what} is there already, declared otherwise: ${message}; asked for was ${JSON.stringify(wanted)}`,
        { cause },
      );
    case undefined:
      return new ConnectionError(`the connection was lost over the ${what}: ${message}`, { cause });
    default:
      return cause;
  }
}
