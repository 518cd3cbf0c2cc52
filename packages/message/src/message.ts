/** The properties AMQP defines for a message; the virtual transports carry the same ones in their envelope. */
export interface MessageProperties {
  correlationId?: string | undefined;
  replyTo?: string | undefined;
  priority?: number | undefined;
  /** 1 transient, 2 persistent. */
  deliveryMode?: number | undefined;
  /** Milliseconds as decimal text, which is how AMQP carries it. */
  expiration?: string | undefined;
  messageId?: string | undefined;
  /** Unix seconds. */
  timestamp?: number | undefined;
  type?: string | undefined;
  userId?: string | undefined;
  appId?: string | undefined;
  clusterId?: string | undefined;
  /** Properties that AMQP does not know, as a producer put them into an envelope; passed on as they are. */
  extra?: Record<string, unknown> | undefined;
}

/**
 * A message as every transport of the house takes and gives it.
 *
 * `body` is always raw bytes (compressed, if `headers.compression` says so) and stays so until a task runs: whoever
 * reserves, routes or stores a message never decodes it. The bytes may be a view of a larger buffer; copy them
 * before transferring them to a thread.
 */
export interface Message {
  body: Uint8Array;
  contentType: string;
  contentEncoding: string;
  headers: Record<string, unknown>;
  properties: MessageProperties;
}

/** Where a delivery came from. */
export interface DeliveryInfo {
  exchange: string;
  routingKey: string;
  redelivered: boolean;
}
