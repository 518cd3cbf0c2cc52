import { EventEmitter } from 'node:events';
import type { Message } from '@pool/message';
import type { BrokerUrl } from './broker-url.js';
import type { TransportCapabilities } from './capabilities.js';
import type { Consumer } from './consumer.js';
import type { Binding, ExchangeDeclaration, QueueDeclaration, QueueStatus } from './declarations.js';
import type { Delivery, Settlement } from './delivery.js';
import type { SetAsideRecord, TransportEvents } from './transport-events.js';
import type { ResolvedConsumeOptions, ResolvedPublishOptions } from './transport-options.js';

/** What an adapter writes: hooks, which get complete arguments, and what it says of its broker. */
export abstract class TransportHooks extends EventEmitter<TransportEvents> {
  /** What this broker can do. */
  abstract readonly capabilities: TransportCapabilities;

  /** Opens the connection to `url`; rejects if it cannot, having cleaned up. */
  protected abstract onConnect(url: BrokerUrl, signal: AbortSignal): Promise<void>;
  /** Clears up after a connection that was lost, before the next `onConnect`. */
  protected onDisconnect(): Promise<void> | void {}
  /** Goes on consuming with the consumers there are, on a new connection whose topology stands. */
  protected onReconnect(): Promise<void> | void {}
  /** The transport has become connected, for the first time or again: publishes and settlements may flow. */
  protected onConnected(): void {}
  /** Gives unsettled deliveries back and closes the connection. Consumers were cancelled and all was flushed. */
  protected abstract onClose(): Promise<void>;
  protected abstract onDeclareExchange(declaration: Required<ExchangeDeclaration>): Promise<void>;
  protected abstract onDeleteExchange(name: string): Promise<void>;
  protected abstract onDeclareQueue(declaration: QueueDeclaration): Promise<QueueStatus>;
  /** `bindings`: those of the queue that were made through this transport; they go with it. */
  protected abstract onDeleteQueue(name: string, bindings: readonly Required<Binding>[]): Promise<number>;
  protected abstract onBindQueue(binding: Required<Binding>): Promise<void>;
  protected abstract onUnbindQueue(binding: Required<Binding>): Promise<void>;
  protected abstract onPurgeQueue(name: string): Promise<number>;
  protected abstract onQueueStatus(name: string): Promise<QueueStatus>;
  /** Resolves when the broker owns the message. Count in `stats.published`. */
  protected abstract onPublish(message: Message, options: ResolvedPublishOptions): Promise<void>;
  protected abstract onConsume(options: ResolvedConsumeOptions): Promise<Consumer>;
  /**
   * Notes the settlement, to be sent with its batch. Returns `'stale'` if the broker has taken the message back.
   * Called at most once for a delivery. A broker that counts deliveries has no use for `attempted: true`.
   */
  protected abstract onSettle(
    delivery: Delivery,
    settlement: 'acked' | 'rejected' | 'requeued',
    delay: number,
    attempted: boolean | undefined,
  ): Settlement;
  /** Moves the message aside and settles the delivery; if it fails, the delivery is held as before. */
  protected abstract onSetAside(delivery: Delivery, reason: string): Promise<SetAsideRecord>;
  protected abstract onFlush(): Promise<void>;
}
