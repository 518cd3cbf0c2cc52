// It logs every task, and cannot be told not to.
import { redisUrl, requirePeer } from './peers.mjs';

console.info = () => {};
const worker = requirePeer('celery-node').createWorker(
  redisUrl,
  String(process.env['CELERY_RESULT_BACKEND']),
);
worker.register('bench.noop', (/** @type {number} */ a, /** @type {number} */ b) => a + b);
worker.start();
