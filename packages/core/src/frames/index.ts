/**
 * How messages are put on channels: frames for those that carry bytes, which `@pool/prefork` speaks and a pool of
 * containers or machines may; and what a channel needs that carries values itself.
 *
 * @packageDocumentation
 */
export { findUncloneable } from './find-uncloneable.js';
export { FrameReader } from './frame-reader.js';
export { FrameWriter, type Serialization } from './frame-writer.js';
export { ASCII, type Attachment, BUFFER, prepareJson, UNDEFINED, Uncarriable } from './json-value.js';
export { notTransferable } from './not-transferable.js';
