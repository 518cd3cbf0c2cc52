import { appendFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DecodeError, SUCCESS } from '@pool/message';
import type { ChordPart, ChordProgress } from '@pool/results';
import { eachLimited } from './each-limited.js';
import { fileNameOf } from './file-name.js';
import { codeOf, type Folder, read } from './folder.js';

const partPrefix = 'part-';
const adjustPrefix = 'adjust-';

/**
 * While a chord lacks more parts than this, a tally of one byte a part says how many there are; near the end they
 * are counted. The tally lacks those whose writer died in between.
 */
const tallySlack = 64;

interface PartHeader {
  taskId: string;
  index: number | null;
  state: string;
}

function encodePart({ taskId, index = null, state, encodedResult }: ChordPart): Buffer {
  const header: PartHeader = { taskId, index, state };
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), encodedResult]);
}

function decodePart(raw: Buffer): ChordPart {
  const end = raw.indexOf('\n');
  if (end < 0) throw new DecodeError('Malformed part of a chord');
  const header = JSON.parse(raw.subarray(0, end).toString()) as PartHeader;
  return { ...header, encodedResult: raw.subarray(end + 1) };
}

/** Counts the finished members of chords: a folder a chord, a file a part. */
export class ChordFiles {
  readonly #folder: Folder;

  constructor(folder: Folder) {
    this.#folder = folder;
  }

  async setSize(groupId: string, size: number): Promise<ChordProgress> {
    const path = await this.#folderOf(groupId);
    await this.#folder.replace(join(path, 'size'), String(size));
    return this.#progress(path, '', false);
  }

  async adjustSize(groupId: string, delta: number): Promise<ChordProgress> {
    const path = await this.#folderOf(groupId);
    await this.#folder.createNew(join(path, `${adjustPrefix}${crypto.randomUUID()}`), String(delta));
    return this.#progress(path, '', false);
  }

  async addPart(groupId: string, part: ChordPart): Promise<ChordProgress> {
    const path = await this.#folderOf(groupId);
    const file = join(path, partPrefix + fileNameOf(part.taskId));
    const isNew = await this.#folder.createNew(file, encodePart(part));
    if (isNew) await appendFile(join(path, 'tally'), '.');
    else {
      const before = await read(file);
      if (!before || decodePart(before).state !== SUCCESS) await this.#folder.replace(file, encodePart(part));
    }
    return this.#progress(path, part.taskId, isNew);
  }

  async parts(groupId: string): Promise<ChordPart[]> {
    const path = this.#folder.chord(groupId);
    const names = await this.#names(path);
    const files = names.filter((name) => name.startsWith(partPrefix));
    const raws = await eachLimited(files, 32, (name) => read(join(path, name)));
    const parts = raws.flatMap((raw) => (raw ? [decodePart(raw)] : []));
    const last = Number.POSITIVE_INFINITY;
    return parts.sort((a, b) => (a.index ?? last) - (b.index ?? last) || (a.taskId < b.taskId ? -1 : 1));
  }

  async forget(groupId: string): Promise<void> {
    await rm(this.#folder.chord(groupId), { recursive: true, force: true });
  }

  async #folderOf(groupId: string): Promise<string> {
    const path = this.#folder.chord(groupId);
    await mkdir(path, { recursive: true });
    return path;
  }

  async #names(path: string): Promise<string[]> {
    try {
      return await readdir(path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  }

  async #progress(path: string, caller: string, mayTally: boolean): Promise<ChordProgress> {
    if (mayTally) {
      const size = await this.#number(join(path, 'size'));
      const count = (await stat(join(path, 'tally'))).size;
      if (size !== undefined && count < size - tallySlack) return { count, size, complete: false };
    }
    const names = await this.#names(path);
    const count = names.filter((name) => name.startsWith(partPrefix)).length;
    const said = await this.#number(join(path, 'size'));
    if (said === undefined) return { count, complete: false };
    const adjustments = names.filter((name) => name.startsWith(adjustPrefix));
    const deltas = await eachLimited(adjustments, 32, (name) => this.#number(join(path, name)));
    const size = deltas.reduce<number>((sum, delta) => sum + (delta ?? 0), said);
    return { count, size, complete: count >= size && (await this.#claim(path, caller)) };
  }

  async #number(path: string): Promise<number | undefined> {
    const raw = await read(path);
    return raw && Number(raw.toString());
  }

  /** The first to come owns the chord, and still does when it comes again. */
  async #claim(path: string, caller: string): Promise<boolean> {
    const file = join(path, 'complete');
    if (await this.#folder.createNew(file, caller)) return true;
    return (await read(file))?.toString() === caller;
  }
}
