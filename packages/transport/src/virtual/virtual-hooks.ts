import type { Message } from '@pool/message';
import type { BrokerUrl } from '../broker-url.js';
import type { ExchangeDeclaration, QueueDeclaration } from '../declarations.js';
import type { Delivery } from '../delivery.js';
import { Transport } from '../transport.js';
import type { ResolvedPublishOptions } from '../transport-options.js';
import type { ExchangeTable } from './router.js';
import type {
  AsideItem,
  BroadcastMessage,
  QueuedMessage,
  SettlementBatch,
  StoredBinding,
  TakenMessage,
  TakeRequest,
} from './virtual-types.js';

/** What an adapter of a broker with only queues writes: it moves batches of messages in and out. */
export abstract class VirtualHooks<Payload> extends Transport {
  /** Seconds a held message stays held without being renewed; `undefined` if holding needs no renewal. */
  protected get leaseSeconds(): number | undefined {
    return undefined;
  }

  /** Seconds between two looks for messages of the dead; `undefined` if nobody can die here. */
  protected get restoreSeconds(): number | undefined {
    return undefined;
  }

  /** Opens the connection to `url`; rejects if it cannot, having cleaned up. */
  protected abstract onOpen(url: BrokerUrl, signal: AbortSignal): Promise<void>;

  /** Makes the stored form of a message. What it throws rejects that publish alone. */
  protected abstract encode(message: Message, options: ResolvedPublishOptions): Payload;
  /** Stores messages, all or none if it can; resolves when the broker owns them. */
  protected abstract onPut(messages: readonly QueuedMessage<Payload>[]): Promise<void>;
  /** Takes what is there and records in the same step that this transport holds it. Empty if there is nothing. */
  protected abstract onTake(request: TakeRequest): Promise<TakenMessage[]>;
  /** Carries out settlements. Resolves to those the broker had no use for, because it had taken the message back. */
  protected abstract onSettleBatch(batch: SettlementBatch): Promise<readonly Delivery[]>;
  /** Moves a message where it can be inspected, and says where that is. */
  protected abstract onPutAside(item: AsideItem, reason: string): Promise<string>;
  protected abstract onBindings(exchange: string): Promise<readonly StoredBinding[]>;
  protected abstract onQueueSize(queue: string): Promise<number>;
  /** The connection is being closed; all that was held is given back already. */
  protected abstract onShutdown(): Promise<void>;

  /** Makes a queue, where queues have to be made. */
  protected onCreateQueue(_declaration: QueueDeclaration): Promise<void> | void {}
  protected override async onDeclareExchange(_declaration: Required<ExchangeDeclaration>): Promise<void> {}

  /** The type of an exchange that was not declared through this transport, if it can be found out. */
  protected async onExchangeType(_exchange: string): Promise<ExchangeTable['type']> {
    return undefined;
  }

  /** The first consumer of this transport begins to take from a queue. */
  protected onBeginQueue(_queue: string): Promise<void> | void {}
  /** The last consumer of this transport has stopped to take from a queue. */
  protected onEndQueue(_queue: string): Promise<void> | void {}
  /**
   * A consumer found nothing and is going to sleep: arm whatever will call `wake()`. Returns true if there may be
   * something already (then it looks again). @default relies on `wake()` and the poll
   */
  protected async onArm(_queues: readonly string[]): Promise<boolean> {
    return false;
  }

  /** Renews the lease of all that is held. Called a few times per lease. */
  protected async onRenew(_held: ReadonlySet<Delivery>): Promise<void> {}
  /** Puts messages of the dead back into their queues; resolves to their number. */
  protected async onRestore(): Promise<number> {
    return 0;
  }

  /** A way for a fanout exchange that needs no copy per queue; `false` if there is none. @default false */
  protected onBroadcast(_messages: readonly BroadcastMessage<Payload>[]): Promise<void> | false {
    return false;
  }
}
