import { EventEmitter } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * @typedef {object} InsideSample What a process knows of itself.
 * @property {number} heap bytes in use after a full garbage collection, with what is outside the heap
 * @property {number} handles what keeps the loop going: sockets, timers, pipes, children
 * @property {number} listeners of the process, and of all its handles
 */

setFlagsFromString('--expose-gc');
/** @type {() => void} */
const collect = runInNewContext('gc');

/** @returns {InsideSample} */
export function lookInside() {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  // Node has no public way to reach the handles themselves.
  const inner = /** @type {{ _getActiveHandles(): unknown[] }} */ (/** @type {unknown} */ (process));
  const emitters = inner._getActiveHandles().filter((handle) => handle instanceof EventEmitter);
  return {
    heap: heapUsed + external,
    handles: process.getActiveResourcesInfo().length,
    listeners: [process, ...emitters].reduce((sum, emitter) => sum + listenersOf(emitter), 0),
  };
}

/** @param {EventEmitter} emitter */
function listenersOf(emitter) {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
}

/**
 * Looks again and again, without keeping the process alive.
 * @param {number} seconds
 * @param {(sample: InsideSample) => void} report
 */
export function watchThisProcess(seconds, report) {
  setInterval(() => report(lookInside()), seconds * 1000).unref();
}
