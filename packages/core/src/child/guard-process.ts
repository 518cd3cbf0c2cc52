import type { ChildRunner } from './runner.js';

/**
 * Makes a process safe to be a child: ^C is its pool's affair, whatever ends it is told to the pool first, and nothing it
 * said is lost when a task calls `process.exit`.
 */
export function guardProcess(runner: ChildRunner): void {
  process.on('SIGINT', () => {});
  process.on('uncaughtException', (error, origin) => {
    // A handler of the task's own module takes the error upon itself, as it would in any process.
    if (process.listenerCount('uncaughtException') > 1) return;
    console.error(error);
    runner.fatal(error, origin === 'unhandledRejection' ? 'unhandled rejection' : 'uncaught exception');
    process.exit(1);
  });
  process.on('exit', (code) => runner.exiting(code));
}
