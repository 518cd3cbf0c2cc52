/**
 * The side of a pool of children that runs inside a child.
 *
 * @packageDocumentation
 */
export type { ChildInit } from '../child-messages.js';
export { FrameReader } from '../frames/frame-reader.js';
export { FrameWriter, type Serialization } from '../frames/frame-writer.js';
export { guardProcess } from './guard-process.js';
export type { Outlet } from './outlet.js';
export { type ChildHost, ChildRunner } from './runner.js';
