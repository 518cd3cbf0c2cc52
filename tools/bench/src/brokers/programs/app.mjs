// The app of our workers and of our producer. Started with Celery's own environment variables.
import { App } from '@pool/app';

export const app = new App('bench', {
  // Nothing is acknowledged before its task has ended and its result is stored.
  taskAcksLate: true,
});
export const noop = app.task('bench.noop', (/** @type {number} */ a, /** @type {number} */ b) => a + b);
