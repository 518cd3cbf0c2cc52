/** @import { Broker } from './contestants.mjs' */

/**
 * What is aimed at, as a ratio of two figures of one round.
 *
 * @typedef {object} Aim
 * @property {Broker} broker
 * @property {string} ours part of a contestant's name
 * @property {string} key
 * @property {string} theirs part of a contestant's name
 * @property {string} [theirKey] another figure than `key`
 * @property {'least' | 'most'} bound
 * @property {number} ratio
 */

/** @type {Aim[]} */
export const aims = [
  ...redis('@pool prefork', [
    ['Celery prefork', 10],
    ['BullMQ sandboxed processes', 4],
    ['BullMQ sandboxed threads', 4],
  ]),
  ...redis('@pool green', [
    ['BullMQ in process', 1.5],
    ['bee-queue', 1.1],
    ['Celery gevent', 30],
    ['floor', 0.5],
  ]),
  ...redis('@pool solo', [
    ['Celery solo', 10],
    ['floor', 0.5],
  ]),
  ...['prefork', 'threads', 'green', 'solo'].map((pool) =>
    aim('redis', `@pool ${pool}`, 'results', `@pool ${pool}`, 'least', 0.6, 'drain'),
  ),
  aim('rabbitmq', '@pool prefork', 'drain', 'Celery prefork', 'least', 3),
  aim('rabbitmq', '@pool green', 'drain', 'Celery gevent', 'least', 15),
  aim('rabbitmq', '@pool green', 'drain', 'floor', 'least', 0.7),
  ...latency('redis'),
  ...latency('rabbitmq'),
  aim('redis', '@pool prefork', 'p50', 'BullMQ sandboxed processes', 'most', 1),
  aim('redis', '@pool green', 'p50', 'BullMQ in process', 'most', 1),
  aim('redis', '@pool prefork', 'memory', 'Celery prefork', 'most', 2),
];

/**
 * @param {string} ours
 * @param {[theirs: string, ratio: number][]} others
 */
function redis(ours, others) {
  return others.map(([theirs, ratio]) => aim('redis', ours, 'drain', theirs, 'least', ratio));
}

/** @param {Broker} broker */
function latency(broker) {
  return ['prefork', 'threads', 'green', 'solo'].map((pool) =>
    aim(broker, `@pool ${pool}`, 'p50', `Celery ${pool === 'green' ? 'gevent' : pool}`, 'most', 0.5),
  );
}

/**
 * @param {Broker} broker
 * @param {string} ours
 * @param {string} key
 * @param {string} theirs
 * @param {Aim['bound']} bound
 * @param {number} ratio
 * @param {string} [theirKey]
 * @returns {Aim}
 */
function aim(broker, ours, key, theirs, bound, ratio, theirKey) {
  return { broker, ours, key, theirs, bound, ratio, ...(theirKey === undefined ? {} : { theirKey }) };
}
