import { ConnectionError } from '@pool/transport';
import type { Settings } from './config/schema.js';
import type { WorkerLogger } from './logging/logger.js';
import type { Parts } from './parts.js';
import { pause, within } from './pause.js';
import type { TaskGauge } from './task-gauge.js';

/** What the steps of a shutdown share. */
export interface ShutdownContext {
  readonly settings: Settings;
  readonly logger: WorkerLogger;
}

/** Takes no more messages, and gives back those that nothing has started. */
export async function takeNoMore(parts: Parts, { settings, logger }: ShutdownContext): Promise<void> {
  const { consumption, waitingRoom, runner, pool, autoscaler } = parts;
  autoscaler?.stop();
  if (!(await within(settings.flushTimeout, consumption.stop())))
    logger.warn('The consumer could not be cancelled in time');
  for (const request of waitingRoom.drain()) runner.discard(request);
  if (pool.active) await pool.flush();
}

/** Gives running tasks `softShutdownTimeout` seconds to end, at most until `hurry` is aborted. */
export async function waitSoftly(
  tasks: TaskGauge,
  hurry: AbortSignal,
  { settings, logger }: ShutdownContext,
): Promise<void> {
  const { softShutdownTimeout, enableSoftShutdownOnIdle } = settings;
  if (softShutdownTimeout === 0) return;
  if (tasks.running === 0 && !enableSoftShutdownOnIdle) return;
  logger.warn(`Waiting up to ${softShutdownTimeout} s for ${tasks.running} running tasks`);
  const idle = new AbortController();
  const time = pause(softShutdownTimeout, AbortSignal.any([hurry, idle.signal]));
  if (tasks.running > 0) void tasks.idle().then(() => idle.abort());
  await time;
}

/** Waits until outcomes are stored and acknowledgements sent, `flushTimeout` seconds for each. */
export async function flushOutcomes(parts: Parts, { settings, logger }: ShutdownContext): Promise<void> {
  const { flushTimeout } = settings;
  const { finisher, transport } = parts;
  if (!(await within(flushTimeout, finisher.drained()))) {
    finisher.giveUp();
    await within(flushTimeout, finisher.drained());
    if (finisher.pending > 0) logger.error(`${finisher.pending} outcomes could not be stored before the end`);
  }
  const flushed = transport.flush().catch(() => {});
  if (await within(flushTimeout, flushed)) return;
  logger.error('Acknowledgements could not be sent before the end; the broker delivers those messages again');
  // Whoever closes the transport need not wait for answers that do not come, and hears what was not sent.
  transport.reconnect(
    new ConnectionError(`the broker ${transport.url} took no acknowledgements for ${flushTimeout} s`),
  );
}
