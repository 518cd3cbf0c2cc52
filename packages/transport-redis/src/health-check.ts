import type { Clients } from './redis-clients.js';

/** How finely the time is counted. */
const SLICES = 10;

/**
 * Asks both connections again and again whether the server answers, `seconds` after the last answer, and gives it as long
 * to do so. The time is counted in ticks of this process's own timer: one whose event loop was blocked by a task does not
 * take its own silence for the server's. Returns what ends it.
 */
export function watchHealth(clients: Clients, seconds: number, onSilent: (error: Error) => void): () => void {
  let ticks = 0;
  let asking = false;
  const timer = setInterval(
    () => {
      ticks += 1;
      if (ticks < SLICES) return;
      ticks = 0;
      if (asking) {
        stop();
        onSilent(new Error(`it did not answer for ${seconds} s`));
        return;
      }
      asking = true;
      Promise.all([clients.commands.ping(), clients.listener.ping()]).then(
        () => {
          asking = false;
          ticks = 0;
        },
        // Whoever watches the connections knows already.
        () => stop(),
      );
    },
    (seconds * 1000) / SLICES,
  );
  timer.unref();
  const stop = (): void => clearInterval(timer);
  return stop;
}
