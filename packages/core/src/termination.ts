/** A job's being ended on request, once or several times. */
export class Termination {
  /** The signal last asked for. */
  signal: NodeJS.Signals = 'SIGTERM';
  end: () => void = () => {};
  /** Resolves when the job has ended. */
  readonly ended: Promise<void> = new Promise((resolve) => {
    this.end = resolve;
  });
}
