import { mkdirSync, readdirSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { done, ifPresent } from './file-errors.js';

const reasonSuffix = '.reason.json';

/** Messages that were set aside, each with a `.reason.json` beside it; the oldest go when there are too many. */
export class AsideFolder {
  readonly #folder: string;
  readonly #max: number;

  constructor(folder: string, max: number) {
    this.#folder = folder;
    this.#max = max;
  }

  /** Moves a claimed message here. Returns false if it is not there any more. */
  move(path: string, name: string, reason: string): boolean {
    this.#explain(name, reason);
    if (done(() => renameSync(path, join(this.#folder, name)))) return true;
    this.#remove(name);
    return false;
  }

  /** Writes a copy of a message here. */
  copy(content: string, name: string, reason: string): void {
    this.#explain(name, reason);
    const part = join(this.#folder, `${name}.part`);
    writeFileSync(part, content);
    renameSync(part, join(this.#folder, name));
  }

  #explain(name: string, reason: string): void {
    mkdirSync(this.#folder, { recursive: true });
    this.#makeRoom();
    const record = { message: name, reason, setAsideAt: new Date().toISOString() };
    writeFileSync(join(this.#folder, name + reasonSuffix), `${JSON.stringify(record, undefined, 2)}\n`);
  }

  #makeRoom(): void {
    const names = (ifPresent(() => readdirSync(this.#folder)) ?? []).filter((name) => name.endsWith('.msg'));
    if (names.length < this.#max) return;
    names.sort();
    for (const name of names.slice(0, names.length - this.#max + 1)) this.#remove(name);
  }

  #remove(name: string): void {
    done(() => unlinkSync(join(this.#folder, name)));
    done(() => unlinkSync(join(this.#folder, name + reasonSuffix)));
  }
}
