import { PoolError } from './pool-error.js';

/** The base of the errors of a transport. */
export class TransportError extends PoolError {
  static override readonly code: string = 'ERR_POOL_TRANSPORT';
}

/** The broker cannot do what was asked. `capability` is the key of `TransportCapabilities` it would need. */
export class NotSupportedError extends PoolError {
  static override readonly code: string = 'ERR_POOL_NOT_SUPPORTED';
  readonly capability: string;

  constructor(message: string, options: ErrorOptions & { capability: string }) {
    super(message, options);
    this.capability = options.capability;
  }
}

/** The broker could not be reached, or the connection was lost. What was on the way may or may not have arrived. */
export class ConnectionError extends TransportError {
  static override readonly code: string = 'ERR_POOL_CONNECTION';
}

/**
 * The broker is there and refuses whoever connects, as it will again: wrong credentials, rights that are missing, a database
 * or virtual host that is not there, a certificate that is not trusted.
 */
export class BrokerRefusedError extends ConnectionError {
  static override readonly code: string = 'ERR_POOL_BROKER_REFUSED';
}

/** The transport was closed, or not yet connected. */
export class TransportClosedError extends TransportError {
  static override readonly code: string = 'ERR_POOL_TRANSPORT_CLOSED';
}

/** A broker URL does not parse. The message never repeats the URL, which may hold a password. */
export class InvalidBrokerUrlError extends TransportError {
  static override readonly code: string = 'ERR_POOL_BROKER_URL';
}

/** No installed package serves the scheme of a broker URL; the message says what to install. */
export class TransportNotFoundError extends TransportError {
  static override readonly code: string = 'ERR_POOL_TRANSPORT_NOT_FOUND';
  /** The npm package that was looked for. */
  readonly package: string;

  constructor(message: string, options: ErrorOptions & { package: string }) {
    super(message, options);
    this.package = options.package;
  }
}

/** An exchange or a queue is not there: declare it first. */
export class NotDeclaredError extends TransportError {
  static override readonly code: string = 'ERR_POOL_NOT_DECLARED';
}

/** An exchange or a queue is there already, declared otherwise. The message names both declarations. */
export class DeclarationMismatchError extends TransportError {
  static override readonly code: string = 'ERR_POOL_DECLARATION_MISMATCH';
}

/** A message published with `mandatory` matched no queue. */
export class UnroutableError extends TransportError {
  static override readonly code: string = 'ERR_POOL_UNROUTABLE';
}

/** The broker refused a message (too large, queue full, out of memory), or too many wait for it. */
export class PublishError extends TransportError {
  static override readonly code: string = 'ERR_POOL_PUBLISH';
}

/**
 * A delivery was settled after the broker had taken it back: its connection died or its lease ran out. Nothing was
 * sent; the message was, or will be, delivered again. Given to the `staleSettlement` event, never thrown.
 */
export class StaleDeliveryError extends TransportError {
  static override readonly code: string = 'ERR_POOL_STALE_DELIVERY';
}

/** A consumer that should be consuming is not, and says why. */
export class ConsumerStalledError extends TransportError {
  static override readonly code: string = 'ERR_POOL_CONSUMER_STALLED';
}
