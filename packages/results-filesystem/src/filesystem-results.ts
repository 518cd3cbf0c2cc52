import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Codec, createCodec, decodeResult, SUCCESS, taskResultKey } from '@pool/message';
import {
  BaseResultStore,
  type ChordPart,
  type ChordProgress,
  type RawDocument,
  type ResultEntry,
  type ResultStoreCapabilities,
  type ResultStoreOptions,
} from '@pool/results';
import { ChordFiles } from './chord-files.js';
import { DocumentFiles } from './document-files.js';
import { eachLimited } from './each-limited.js';
import { fileNameOf } from './file-name.js';
import { Folder, read, remove } from './folder.js';
import { FolderWatcher } from './folder-watcher.js';
import { Sweeper } from './sweeper.js';

export interface FilesystemResultsOptions extends ResultStoreOptions {
  /** Seconds between looks at results that are awaited, should the system not have told of them. @default 5 */
  pollInterval?: number;
}

/** Files read or written at the same time. */
const filesAtOnce = 32;

/** The folder of a URL: `filesystem://results` (below the working directory), `filesystem:///var/results`, `file:///…`. */
export function folderOf(url: string): string {
  const match = /^(filesystem|file):\/\/([^?#]*)/i.exec(url);
  const path = match?.[2];
  if (!path) throw new TypeError('the URL of filesystem results needs a folder: filesystem://path/to/folder');
  if (match[1]?.toLowerCase() === 'file' && path.startsWith('/')) return fileURLToPath(`file://${path}`);
  return resolve(decodeURIComponent(path));
}

/**
 * Results as files of a folder, one a task, named and written as Celery's file-system backend does. Any number of
 * processes may share the folder, Python's among them.
 */
export class FilesystemResults extends BaseResultStore {
  readonly capabilities: ResultStoreCapabilities = {
    wakeUp: true,
    shared: true,
    persistent: true,
    expiry: true,
    forget: true,
    groups: true,
    chords: true,
  };
  readonly path: string;
  readonly #folder: Folder;
  readonly #documents: DocumentFiles;
  readonly #chords: ChordFiles;
  readonly #sweeper: Sweeper;
  readonly #watcher: FolderWatcher;
  readonly #isJson: boolean;
  /** The followed tasks, by the name of their file. */
  readonly #idByFile = new Map<string, string>();

  constructor(url: string, options: FilesystemResultsOptions = {}) {
    super({ pollInterval: 5, ...options });
    const { serializer = 'json', codec = createCodec({ acceptContent: [serializer] }) } = options;
    this.path = folderOf(url);
    this.#isJson = serializer === 'json';
    this.#folder = new Folder(this.path);
    this.#documents = new DocumentFiles(this.#folder, (document) => isSuccess(document, codec, serializer));
    this.#chords = new ChordFiles(this.#folder);
    this.#sweeper = new Sweeper(this.#folder, this.expires);
    this.#watcher = new FolderWatcher(
      this.path,
      (names) => this.#onChanged(names),
      () => void this.lookAgain(),
    );
  }

  protected override async onConnect(): Promise<void> {
    await this.#folder.create();
  }

  protected override async onClose(): Promise<void> {
    this.#watcher.stop();
    await this.#sweeper.stop();
  }

  protected override async onStore(entries: readonly ResultEntry[]): Promise<(Error | undefined)[]> {
    this.#sweeper.start();
    return eachLimited(entries, filesAtOnce, async ({ id, document, expires }) => {
      try {
        await this.#documents.write(id, document, this.#ageFor(expires));
        return undefined;
      } catch (error) {
        return error as Error;
      }
    });
  }

  protected override onGet(ids: readonly string[]): Promise<RawDocument[]> {
    return eachLimited(ids, filesAtOnce, async (id) => {
      const raw = await read(this.#folder.document(id));
      return raw && this.#isWhole(raw) ? raw : undefined;
    });
  }

  protected override async onSubscribe(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#idByFile.set(taskResultKey(fileNameOf(id)), id);
    this.#watcher.start();
  }

  protected override async onUnsubscribe(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#idByFile.delete(taskResultKey(fileNameOf(id)));
  }

  protected override async onForget(ids: readonly string[]): Promise<void> {
    await eachLimited(ids, filesAtOnce, (id) => remove(this.#folder.document(id)));
  }

  protected override onSaveGroup(groupId: string, document: Uint8Array): Promise<void> {
    return this.#folder.replace(this.#folder.group(groupId), document);
  }

  protected override onGetGroup(groupId: string): Promise<RawDocument> {
    return read(this.#folder.group(groupId));
  }

  protected override onForgetGroup(groupId: string): Promise<void> {
    return remove(this.#folder.group(groupId));
  }

  protected override onSetChordSize(groupId: string, size: number): Promise<ChordProgress> {
    return this.#chords.setSize(groupId, size);
  }

  protected override onAdjustChordSize(groupId: string, delta: number): Promise<ChordProgress> {
    return this.#chords.adjustSize(groupId, delta);
  }

  protected override onAddChordPart(groupId: string, part: ChordPart): Promise<ChordProgress> {
    return this.#chords.addPart(groupId, part);
  }

  protected override onChordParts(groupId: string): Promise<ChordPart[]> {
    return this.#chords.parts(groupId);
  }

  protected override onForgetChord(groupId: string): Promise<void> {
    return this.#chords.forget(groupId);
  }

  protected override onRemoveExpired(): Promise<void> {
    return this.#sweeper.sweep();
  }

  /** Python writes in place, so a file may be seen before its end is there. It will change once more. */
  #isWhole(raw: Buffer): boolean {
    return raw.length > 0 && (!this.#isJson || raw.at(-1) === 0x7d);
  }

  /** Files expire by their age; one with a term of its own is made younger or older than it is. */
  #ageFor(expires: number | null | undefined): number {
    if (expires === undefined || this.expires === 0) return 0;
    const forEver = 100 * 365 * 86_400;
    return this.expires - (expires || forEver);
  }

  #onChanged(names: readonly string[]): void {
    const ids = names.flatMap((name) => this.#idByFile.get(name) ?? []);
    if (ids.length > 0) void this.lookAgain(ids);
  }
}

function isSuccess(document: Uint8Array, codec: Codec, serializer: string): boolean {
  const { contentType, contentEncoding } = codec.serializers.get(serializer);
  try {
    return decodeResult(document, { codec, contentType, contentEncoding }).status === SUCCESS;
  } catch {
    // A broken file protects nothing.
    return false;
  }
}
