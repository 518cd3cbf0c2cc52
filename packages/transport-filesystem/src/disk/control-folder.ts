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

/** What is recorded of a queue that ends with its owners. */
interface OwnedRecord extends OwnedQueue {
  owners: string[];
}

/** A lock that is older was left by a process that died while it held it. */
const staleLockMs = 5000;

/**
 * The bindings (`<exchange>.exchange`, shared with kombu), the types of exchanges (`<exchange>.type`) and the queues
 * that end with their owners (`<queue>.queue`). Names are encoded for file names.
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

  /** Records that a queue ends with this transport, and with others that declared it and are not gone. */
  ownQueue({ queue, expires }: OwnedQueue, file: string, isGone: (claimer: string) => boolean): void {
    this.#owned.add(file);
    this.#locked(`${file}.queue`, () => {
      const others = this.#ownedQueue(file)?.owners ?? [];
      const owners = others.filter((claimer) => claimer !== this.#claimer && !isGone(claimer));
      owners.push(this.#claimer);
      this.#replace(`${file}.queue`, JSON.stringify({ queue, owners, expires }));
    });
  }

  /** Forgets a queue: its bindings and its owners. `file` is its encoded name. */
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

  /** Forgets the queues whose owners are all gone for longer than the queues were to outlive them; their names. */
  forgetOrphans(isGone: (claimer: string) => boolean): string[] {
    const forgotten: string[] = [];
    for (const name of ifPresent(() => readdirSync(this.#folder)) ?? []) {
      if (!name.endsWith('.queue')) continue;
      const file = name.slice(0, -'.queue'.length);
      if (!this.#isOrphan(file, isGone)) continue;
      // Looked at again under the lock, as somebody may be declaring it anew.
      this.#locked(name, () => {
        const owned = this.#ownedQueue(file);
        if (owned === undefined || !this.#isOrphan(file, isGone)) return;
        this.deleteQueue(owned.queue, file);
        forgotten.push(owned.queue);
      });
    }
    return forgotten;
  }

  #isOrphan(file: string, isGone: (claimer: string) => boolean): boolean {
    const touched = ifPresent(() => statSync(join(this.#folder, `${file}.queue`)).mtimeMs);
    const owned = this.#ownedQueue(file);
    if (owned === undefined || touched === undefined || !owned.owners.every(isGone)) return false;
    return Date.now() - touched >= owned.expires * 1000;
  }

  #ownedQueue(file: string): OwnedRecord | undefined {
    const text = ifPresent(() => readFileSync(join(this.#folder, `${file}.queue`), 'utf8'));
    return text === undefined ? undefined : parseOwned(text);
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
  #locked(name: string, work: () => void): void {
    this.open();
    const lock = join(this.#folder, `${name}.lock`);
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

function parseOwned(text: string): OwnedRecord | undefined {
  try {
    const { queue, owners, expires } = JSON.parse(text) as Record<string, unknown>;
    if (typeof queue !== 'string' || !Array.isArray(owners)) return undefined;
    return { queue, owners: owners.map(String), expires: typeof expires === 'number' ? expires : 0 };
  } catch {
    return undefined;
  }
}

/** Waits without giving up the thread, which has nothing else to do that could go first. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
