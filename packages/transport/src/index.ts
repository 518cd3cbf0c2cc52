export type { Message, MessageProperties } from '@pool/message';
export { asideHeaders, asideMessage } from './aside-message.js';
export { type BackOffOptions, backOff, longestWait } from './back-off.js';
export { BrokerUrl, type BrokerUrlParts, parseBrokerUrls } from './broker-url.js';
export type { Capability, PriorityCapability, TransportCapabilities } from './capabilities.js';
export { checkPrefetch } from './checks.js';
export type { ConsumeOptions, Consumer, ProveOptions } from './consumer.js';
export type {
  Binding,
  ExchangeDeclaration,
  ExchangeType,
  QueueDeclaration,
  QueueStatus,
} from './declarations.js';
export {
  Delivery,
  type DeliveryFields,
  type DeliveryOwner,
  type RejectOptions,
  type Settlement,
} from './delivery.js';
export {
  BrokerRefusedError,
  ConnectionError,
  ConsumerStalledError,
  DeclarationMismatchError,
  InvalidBrokerUrlError,
  NotDeclaredError,
  NotSupportedError,
  PublishError,
  StaleDeliveryError,
  TransportClosedError,
  TransportError,
  TransportNotFoundError,
  UnroutableError,
} from './errors.js';
export { type HoldUntilAsideOptions, holdUntilAside } from './hold-until-aside.js';
export {
  type LoadTransportOptions,
  loadTransport,
  type TransportFactory,
  transportPackageFor,
} from './load-transport.js';
export { PoolError } from './pool-error.js';
export type { PublishOptions } from './publish-options.js';
export { Transport } from './transport.js';
export type { SetAsideRecord, TransportEvents, TransportStats } from './transport-events.js';
export {
  type ResolvedConsumeOptions,
  type ResolvedPublishOptions,
  TRANSPORT_OPTION_NAMES,
  type TransportOptions,
  type TransportState,
} from './transport-options.js';
export { matchesTopic, topicRegExp } from './virtual/topic-pattern.js';
export {
  VIRTUAL_TRANSPORT_OPTION_NAMES,
  VirtualTransport,
  type VirtualTransportOptions,
} from './virtual/virtual-transport.js';
export type {
  AsideItem,
  BroadcastMessage,
  QueuedMessage,
  SettlementBatch,
  StoredBinding,
  TakenMessage,
  TakeRequest,
} from './virtual/virtual-types.js';
