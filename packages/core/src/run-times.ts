/** From how many microseconds on a job is not short. */
const SHORT = 1000;
/** From how many microseconds on a run is hardly a short job's that was held up by the system, and cannot be. */
const LONG = 20_000;
const TOO_LONG = 200_000;
/** How many short runs in a row make a job trusted to be short, at first and at most. */
const MIN_PROOF = 32;
const MAX_PROOF = 1024;
/** How far trust can grow, and what a run that is not short, or long, costs of it. */
const MAX_TRUST = 1024;
const DOUBT = 256;
const MUCH_DOUBT = 768;

/**
 * What is known of how long jobs of one kind run. They are `quick` after they were short often enough; one that turns
 * out long makes its kind prove itself anew, twice as long each time.
 */
export class RunTimes {
  /** Whether jobs of this kind may be sent to a child in advance. */
  quick = false;
  /** Mean of the last few short runs, in microseconds. */
  mean = 0;
  #trust = 0;
  #proof: number = MIN_PROOF;

  add(micros: number): void {
    if (micros < SHORT) {
      this.mean += (micros - this.mean) / 16;
      if (this.#trust < MAX_TRUST && ++this.#trust === this.#proof) this.quick = true;
      if (this.#trust === MAX_TRUST && this.#proof > MIN_PROOF) this.#proof >>= 1;
    } else if (micros < LONG) {
      this.#trust = Math.max(0, this.#trust - DOUBT);
      if (this.#trust < this.#proof) this.quick = false;
    } else if (micros < TOO_LONG && this.#trust >= MUCH_DOUBT + this.#proof) this.#trust -= MUCH_DOUBT;
    else this.distrust();
  }

  /** A job of this kind ran long, or was killed because it did. */
  distrust(): void {
    this.#trust = 0;
    this.quick = false;
    if (this.#proof < MAX_PROOF) this.#proof <<= 1;
  }
}

/** What a job of which so much is known is expected to take, in microseconds; the way there and back counts too. */
export function costOf(runTimes: RunTimes | undefined): number {
  return 1 + (runTimes?.mean ?? 0);
}
