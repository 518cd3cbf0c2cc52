/**
 * Frames for channels that carry bytes: what `@pool/prefork` speaks, and a pool of containers or machines may.
 *
 * @packageDocumentation
 */
export { FrameReader } from './frame-reader.js';
export { FrameWriter, type Serialization } from './frame-writer.js';
