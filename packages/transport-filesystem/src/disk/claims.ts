import { mkdirSync, readdirSync, renameSync, rmdirSync, statSync, unlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { redeliveredName } from '../message-name.js';
import { identityOfClaimer, livenessOf } from '../process-identity.js';
import { done, ifPresent } from './file-errors.js';
import type { SpareFiles } from './spare-files.js';

/** The folder, inside the folder of waiting messages, that has one folder per claimer. */
export const claimsFolder = '.claimed';

interface Observation {
  heartbeat: number;
  /** How long this process has watched the heartbeat not change, in milliseconds. */
  silentMs: number;
}

/**
 * Who holds which message. Claiming is one rename into the claimer's folder, so two processes never hold one message;
 * whatever is in the folder of a dead claimer goes back by rename.
 */
export class Claims {
  readonly folder: string;
  readonly #waiting: string;
  readonly #claimer: string;
  readonly #leaseMs: number;
  readonly #spares: SpareFiles;
  readonly #observed = new Map<string, Observation>();
  #lastRound = Number.NaN;

  constructor(waiting: string, claimer: string, leaseSeconds: number, spares: SpareFiles) {
    this.#waiting = waiting;
    this.#claimer = claimer;
    this.#leaseMs = leaseSeconds * 1000;
    this.#spares = spares;
    this.folder = join(waiting, claimsFolder, claimer);
  }

  open(): void {
    mkdirSync(this.folder, { recursive: true });
  }

  /** Claims a waiting message; false if another has it. */
  claim(name: string): boolean {
    if (done(() => renameSync(join(this.#waiting, name), join(this.folder, name)))) return true;
    // Either the message is gone, or (taken for dead, or deleted by hand) this claimer's folder.
    if (ifPresent(() => statSync(this.folder)) === undefined) this.open();
    return false;
  }

  /** Forgets a claimed message, or moves it to `keep`; false if it was not held any more. */
  acknowledge(name: string, keep: string | undefined): boolean {
    const path = join(this.folder, name);
    return keep === undefined
      ? this.#spares.discard(path, name)
      : done(() => renameSync(path, join(keep, name)));
  }

  /** Gives a claimed message back; false if it was not held any more. */
  giveBack(name: string, seen: boolean): boolean {
    const target = seen ? redeliveredName(name) : name;
    this.#spares.forget(name);
    return done(() => renameSync(join(this.folder, name), join(this.#waiting, target)));
  }

  /** Shows whoever cannot ask the kernel that this claimer lives. */
  beat(): void {
    const now = new Date();
    if (!done(() => utimesSync(this.folder, now, now))) this.open();
  }

  /** Gives back all that dead claimers hold; returns the number of messages. */
  restore(): number {
    const elapsed = this.#elapsedMs();
    const parent = join(this.#waiting, claimsFolder);
    const claimers = new Set(ifPresent(() => readdirSync(parent)));
    for (const known of this.#observed.keys()) if (!claimers.has(known)) this.#observed.delete(known);
    let count = 0;
    for (const claimer of claimers) {
      if (claimer !== this.#claimer && this.#isDead(claimer, elapsed))
        count += this.#empty(join(parent, claimer));
    }
    return count;
  }

  /** Whether a claimer has closed, or was found dead: either way its folder is gone. */
  isGone(claimer: string): boolean {
    return ifPresent(() => statSync(join(this.#waiting, claimsFolder, claimer))) === undefined;
  }

  /** Gives back whatever is left, and removes the folder. */
  close(): void {
    this.#empty(this.folder);
  }

  #isDead(claimer: string, elapsed: number): boolean {
    const identity = identityOfClaimer(claimer);
    const liveness = identity === undefined ? 'unknown' : livenessOf(identity);
    if (liveness !== 'unknown') return liveness === 'dead';
    return this.#hasFallenSilent(claimer, elapsed);
  }

  /** Goes by what this process has seen itself, as the clocks of two hosts need not agree. */
  #hasFallenSilent(claimer: string, elapsed: number): boolean {
    const heartbeat = ifPresent(() => statSync(join(this.#waiting, claimsFolder, claimer)).mtimeMs);
    if (heartbeat === undefined) return false;
    const before = this.#observed.get(claimer);
    const silentMs = before?.heartbeat === heartbeat ? before.silentMs + elapsed : 0;
    this.#observed.set(claimer, { heartbeat, silentMs });
    return silentMs >= this.#leaseMs;
  }

  /** A pause of this process (a suspended machine) is no silence of the others: it counts as one short step. */
  #elapsedMs(): number {
    const now = performance.now();
    const elapsed = Number.isNaN(this.#lastRound) ? 0 : now - this.#lastRound;
    this.#lastRound = now;
    return Math.min(elapsed, this.#leaseMs / 4);
  }

  #empty(folder: string): number {
    let count = 0;
    for (const name of ifPresent(() => readdirSync(folder)) ?? []) {
      const path = join(folder, name);
      if (!name.endsWith('.msg')) done(() => unlinkSync(path));
      else if (done(() => renameSync(path, join(this.#waiting, redeliveredName(name))))) count += 1;
    }
    try {
      done(() => rmdirSync(folder));
    } catch {
      // It was not dead but silent, and has just claimed again; the next round tells.
    }
    return count;
  }
}
