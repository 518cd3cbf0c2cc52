import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { done, ifPresent } from './file-errors.js';
import type { OwnedQueue } from './protocol.js';

/** `[routing key, pattern, queue]`, as kombu writes a binding. */
type BindingRow = [string, string, string];

/** A lock that is older was left by a process that died while it held it. */
const staleLockMs = 5000;

/**
 * The bindings (`<exchange>.exchange`, shared with kombu), the types of exchanges (`<exchange>.type`) and the queues
 * that end with their owner (`<queue>.queue`). Names are encoded for file names.
 */
export class ControlFolder {
  readonly #folder: string;
  readonly #claimer: string;
  readonly #owned = new Set<string>();

  constructor(folder: string, claimer: string) {
    this.#folder = folder;
    this.#claimer = claimer;
  }

  open(): void {
    mkdirSync(this.#folder, { recursive: true });
  }

  declareExchange(exchange: string, type: string): void {
    if (this.exchangeType(exchange) !== type) this.#replace(`${exchange}.type`, type);
  }

  exchangeType(exchange: string): string | undefined {
    return ifPresent(() => readFileSync(join(this.#folder, `${exchange}.type`), 'utf8').trim());
  }

  deleteExchange(exchange: string): void {
    done(() => unlinkSync(join(this.#folder, `${exchange}.type`)));
    this.#locked(exchange, () => done(() => unlinkSync(join(this.#folder, `${exchange}.exchange`))));
  }

  bindings(exchange: string): [string, string][] {
    return this.#rows(exchange).map(([routingKey, , queue]) => [routingKey, queue]);
  }

  bind(exchange: string, queue: string, routingKey: string, pattern: string): void {
    const isSame = ([key, , name]: BindingRow): boolean => key === routingKey && name === queue;
    if (this.#rows(exchange).some(isSame)) return;
    this.#change(exchange, (rows) => (rows.some(isSame) ? rows : [[routingKey, pattern, queue], ...rows]));
  }

  unbind(exchange: string, queue: string, routingKey: string): void {
    this.#change(exchange, (rows) => rows.filter(([key, , name]) => key !== routingKey || name !== queue));
  }

  /** Records that a queue ends with this transport. */
  ownQueue({ queue, expires }: OwnedQueue, file: string): void {
    this.#owned.add(file);
    this.#replace(`${file}.queue`, JSON.stringify({ queue, owner: this.#claimer, expires }));
  }

  /** Forgets a queue: its bindings and its owner. `file` is its encoded name. */
  deleteQueue(queue: string, file: string): void {
    this.#owned.delete(file);
    done(() => unlinkSync(join(this.#folder, `${file}.queue`)));
    for (const name of ifPresent(() => readdirSync(this.#folder)) ?? []) {
      if (!name.endsWith('.exchange')) continue;
      const exchange = name.slice(0, -'.exchange'.length);
      if (!this.#rows(exchange).some(([, , bound]) => bound === queue)) continue;
      this.#change(exchange, (rows) => rows.filter(([, , bound]) => bound !== queue));
    }
  }

  /** Shows that the owned queues are in use. */
  beat(): void {
    const now = new Date();
    for (const file of this.#owned) done(() => utimesSync(join(this.#folder, `${file}.queue`), now, now));
  }

  /** The queues whose owner is gone for longer than they were to outlive it. */
  orphans(isGone: (claimer: string) => boolean): { queue: string; file: string }[] {
    const orphans: { queue: string; file: string }[] = [];
    for (const name of ifPresent(() => readdirSync(this.#folder)) ?? []) {
      if (!name.endsWith('.queue')) continue;
      const path = join(this.#folder, name);
      const text = ifPresent(() => readFileSync(path, 'utf8'));
      const touched = ifPresent(() => statSync(path).mtimeMs);
      const owned = text === undefined ? undefined : parseOwned(text);
      if (owned === undefined || touched === undefined || !isGone(owned.owner)) continue;
      if (Date.now() - touched < owned.expires * 1000) continue;
      orphans.push({ queue: owned.queue, file: name.slice(0, -'.queue'.length) });
    }
    return orphans;
  }

  #rows(exchange: string): BindingRow[] {
    const path = join(this.#folder, `${exchange}.exchange`);
    for (let attempt = 0; ; attempt++) {
      const text = ifPresent(() => readFileSync(path, 'utf8'));
      if (text === undefined) return [];
      try {
        return parseRows(JSON.parse(text));
      } catch (error) {
        // Kombu writes in place, under a lock that Node cannot ask for: a moment later it is complete.
        if (attempt === 20) throw new Error(`${path} is not a table of bindings`, { cause: error });
        pause(5);
      }
    }
  }

  #change(exchange: string, change: (rows: BindingRow[]) => BindingRow[]): void {
    this.#locked(exchange, () => {
      const rows = this.#rows(exchange);
      const changed = change(rows);
      if (changed !== rows) this.#replace(`${exchange}.exchange`, JSON.stringify(changed));
    });
  }

  #replace(name: string, text: string): void {
    this.open();
    const part = join(this.#folder, `${name}.${this.#claimer}.part`);
    writeFileSync(part, text);
    renameSync(part, join(this.#folder, name));
  }

  /** One writer at a time, among the processes of this package. */
  #locked(exchange: string, work: () => void): void {
    this.open();
    const lock = join(this.#folder, `${exchange}.lock`);
    for (;;) {
      try {
        closeSync(openSync(lock, 'wx'));
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        const since = ifPresent(() => statSync(lock).mtimeMs);
        if (since !== undefined && Date.now() - since > staleLockMs) done(() => unlinkSync(lock));
        else pause(2);
      }
    }
    try {
      work();
    } finally {
      done(() => unlinkSync(lock));
    }
  }
}

function parseRows(value: unknown): BindingRow[] {
  if (!Array.isArray(value)) throw new TypeError('not a list');
  return value.map((row: unknown) => {
    const [routingKey, pattern, queue] = row as unknown[];
    return [String(routingKey ?? ''), String(pattern ?? ''), String(queue ?? '')];
  });
}

function parseOwned(text: string): { queue: string; owner: string; expires: number } | undefined {
  try {
    const { queue, owner, expires } = JSON.parse(text) as Record<string, unknown>;
    if (typeof queue !== 'string' || typeof owner !== 'string') return undefined;
    return { queue, owner, expires: typeof expires === 'number' ? expires : 0 };
  } catch {
    return undefined;
  }
}

/** Waits without giving up the thread, which has nothing else to do that could go first. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
