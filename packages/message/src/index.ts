export {
  type BodySource,
  Codec,
  type CodecOptions,
  createCodec,
  type DecodeOptions,
  type EncodedBody,
  type EncodeOptions,
} from './codec.js';
export { type Compression, type CompressionRegistry, createCompressionRegistry } from './compression.js';
export {
  type DecodedEnvelope,
  decodeEnvelope,
  type EnvelopeOptions,
  encodeEnvelope,
  markRedelivered,
  type RedeliveryOptions,
} from './envelope.js';
export {
  CodecNotFoundError,
  ContentDisallowedError,
  DecodeError,
  EncodeError,
  InvalidTaskError,
  LimitExceededError,
  MessageError,
} from './errors.js';
export {
  createEvent,
  decodeEvents,
  type EncodedEvents,
  EVENT_EXCHANGE,
  type EventSource,
  encodeEvents,
  eventGroup,
  eventRoutingKey,
  utcOffset,
  type WorkerEvent,
} from './events.js';
export {
  type DecodedException,
  decodeException,
  type ExceptionDocument,
  type ExceptionInput,
  encodeException,
  exceptionModule,
  NODE_EXCEPTION_MODULE,
} from './exception-document.js';
export { globMatch } from './glob.js';
export { checkHeaders } from './header-limits.js';
export { formatIso, isoNow, parseIso } from './iso-date.js';
export { createJsonSerializer, type JsonSerializerOptions } from './json-serializer.js';
export { type JsonType, type TypedValue, typedValue, uuidValue } from './json-types.js';
export { LamportClock } from './lamport-clock.js';
export { DEFAULT_LIMITS, type MessageLimits, resolveLimits } from './limits.js';
export type { DeliveryInfo, Message, MessageProperties } from './message.js';
export { anonNodename, defaultNodename, nodeFormat, nodename, nodesplit } from './node-names.js';
export { assertKnownOptions, type OptionNames } from './option-names.js';
export {
  type ControlReply,
  type ControlRequest,
  type ControlRequestInput,
  decodeControlReply,
  decodeControlRequest,
  encodeControlReply,
  encodeControlRequest,
  isControlRequestExpired,
  isControlRequestFor,
  type PidboxNames,
  pidboxNames,
  type ReplyTo,
} from './pidbox.js';
export { type PyReprOptions, pyRepr } from './py-repr.js';
export {
  decodeResult,
  encodeResult,
  type ResultDocument,
  type ResultInput,
  type ResultSource,
} from './result-document.js';
export {
  chordCounterKey,
  groupResultKey,
  type RedisChordKeys,
  redisChordKeys,
  taskResultKey,
} from './result-keys.js';
export { decodeResultTuple, encodeResultTuple, type ResultNode, type ResultTuple } from './result-tuple.js';
export type { Serializer } from './serializer.js';
export {
  createSerializerRegistry,
  type EncodedContent,
  type SerializerRegistry,
  type SerializerRegistryOptions,
} from './serializer-registry.js';
export {
  createSignature,
  parseSignature,
  parseSignatures,
  type SignatureData,
  type SignatureParts,
} from './signature.js';
export {
  ALL_STATES,
  compareStates,
  EXCEPTION_STATES,
  FAILURE,
  IGNORED,
  PENDING,
  PROPAGATE_STATES,
  READY_STATES,
  RECEIVED,
  REJECTED,
  RETRY,
  REVOKED,
  STARTED,
  SUCCESS,
  statePrecedence,
  UNREADY_STATES,
} from './states.js';
export {
  type DecodedTask,
  decodeTaskBody,
  decodeTaskMessage,
  type TaskBody,
  upgradeTaskMessage,
} from './task-body.js';
export {
  customHeaders,
  isTaskMessage,
  parseTaskHeaders,
  TASK_HEADER_NAMES,
  type TaskHeaders,
} from './task-headers.js';
export { encodeTaskMessage, type TaskEmbed, type TaskMessageInput } from './task-message.js';
