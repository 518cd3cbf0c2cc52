import { RunTimes } from './run-times.js';
import type { TargetReference } from './target.js';

/** A target that jobs named, with its index in what children are told. */
export interface TargetEntry {
  readonly index: number;
  readonly module: string;
  readonly name: string;
  readonly runTimes: RunTimes;
}

/** How many targets, or schedule keys, are kept; with more the table starts anew. */
const MAX_ENTRIES = 4096;

/** The targets a pool has seen, by number: a child is told each one once. */
export class TargetTable {
  /** Goes up when the indices start anew. */
  generation = 0;
  #modules: Map<string, Map<string, TargetEntry>> = new Map();
  #entries: TargetEntry[] = [];
  #keys: Map<string, RunTimes> = new Map();
  #last: TargetEntry | undefined = undefined;

  lookUp(target: TargetReference): TargetEntry {
    const last = this.#last;
    if (last !== undefined && last.name === target.name && last.module === target.module) return last;
    let names = this.#modules.get(target.module);
    let entry = names?.get(target.name);
    if (entry === undefined) {
      if (this.#entries.length >= MAX_ENTRIES) {
        this.#modules = new Map();
        this.#entries = [];
        this.generation += 1;
        names = undefined;
      }
      entry = {
        index: this.#entries.length,
        module: target.module,
        name: target.name,
        runTimes: new RunTimes(),
      };
      this.#entries.push(entry);
      if (names === undefined) {
        names = new Map();
        this.#modules.set(target.module, names);
      }
      names.set(target.name, entry);
    }
    this.#last = entry;
    return entry;
  }

  /** The target with an index of the present generation. */
  at(index: number): TargetEntry {
    return this.#entries[index] as TargetEntry;
  }

  /** What is known of the run times of jobs with this key. */
  runTimesOf(key: string): RunTimes {
    let runTimes = this.#keys.get(key);
    if (runTimes === undefined) {
      if (this.#keys.size >= MAX_ENTRIES) this.#keys = new Map();
      runTimes = new RunTimes();
      this.#keys.set(key, runTimes);
    }
    return runTimes;
  }
}
