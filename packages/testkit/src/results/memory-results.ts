import { SUCCESS } from '@pool/message';
import {
  BaseResultStore,
  type ChordPart,
  type ChordProgress,
  type RawDocument,
  type ResultEntry,
  type ResultStoreCapabilities,
  type ResultStoreOptions,
} from '@pool/results';

interface Chord {
  size: number | undefined;
  added: number;
  readonly parts: Map<string, ChordPart>;
  owner: string | undefined;
}

/** What the stores of one place hold. */
class Place {
  readonly documents = new Map<string, { raw: Uint8Array; expiresAt: number }>();
  readonly groups = new Map<string, Uint8Array>();
  readonly chords = new Map<string, Chord>();
  readonly stores = new Set<(id: string, raw: Uint8Array) => void>();

  chord(groupId: string): Chord {
    const chord = this.chords.get(groupId) ?? {
      size: undefined,
      added: 0,
      parts: new Map(),
      owner: undefined,
    };
    this.chords.set(groupId, chord);
    return chord;
  }
}

/** A result store in this process, for tests of what uses one. Stores of the same `place` share it. */
export class MemoryResults extends BaseResultStore {
  readonly capabilities: ResultStoreCapabilities = {
    wakeUp: true,
    shared: true,
    persistent: true,
    expiry: true,
    forget: true,
    groups: true,
    chords: true,
  };
  static readonly #places = new Map<string, Place>();
  readonly #place: Place;
  readonly #onWrite = (id: string, raw: Uint8Array): void => this.deliver(id, raw);

  constructor(place: string, options: ResultStoreOptions = {}) {
    super(options);
    this.#place = MemoryResults.#places.get(place) ?? new Place();
    MemoryResults.#places.set(place, this.#place);
  }

  /** Forgets a place and all it holds. */
  static drop(place: string): void {
    MemoryResults.#places.delete(place);
  }

  protected override async onConnect(): Promise<void> {
    this.#place.stores.add(this.#onWrite);
  }

  protected override async onClose(): Promise<void> {
    this.#place.stores.delete(this.#onWrite);
  }

  protected override async onStore(entries: readonly ResultEntry[]): Promise<undefined> {
    for (const { id, document: raw, expires } of entries) {
      if (this.#stateOf(id) === SUCCESS) continue;
      const seconds = expires === undefined ? this.expires : expires;
      const expiresAt = seconds ? Date.now() + seconds * 1000 : Number.POSITIVE_INFINITY;
      this.#place.documents.set(id, { raw, expiresAt });
      for (const tell of this.#place.stores) tell(id, raw);
    }
  }

  protected override async onGet(ids: readonly string[]): Promise<RawDocument[]> {
    return ids.map((id) => this.#live(id));
  }

  protected override async onForget(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#place.documents.delete(id);
  }

  protected override async onSaveGroup(groupId: string, document: Uint8Array): Promise<void> {
    this.#place.groups.set(groupId, document);
  }

  protected override async onGetGroup(groupId: string): Promise<RawDocument> {
    return this.#place.groups.get(groupId);
  }

  protected override async onForgetGroup(groupId: string): Promise<void> {
    this.#place.groups.delete(groupId);
  }

  protected override async onSetChordSize(groupId: string, size: number): Promise<ChordProgress> {
    this.#place.chord(groupId).size = size;
    return this.#progress(groupId, '');
  }

  protected override async onAdjustChordSize(groupId: string, delta: number): Promise<ChordProgress> {
    this.#place.chord(groupId).added += delta;
    return this.#progress(groupId, '');
  }

  protected override async onAddChordPart(groupId: string, part: ChordPart): Promise<ChordProgress> {
    this.#place.chord(groupId).parts.set(part.taskId, part);
    return this.#progress(groupId, part.taskId);
  }

  protected override async onChordParts(groupId: string): Promise<ChordPart[]> {
    const last = Number.POSITIVE_INFINITY;
    const parts = [...(this.#place.chords.get(groupId)?.parts.values() ?? [])];
    return parts.sort((a, b) => (a.index ?? last) - (b.index ?? last) || 0);
  }

  protected override async onForgetChord(groupId: string): Promise<void> {
    this.#place.chords.delete(groupId);
  }

  #live(id: string): RawDocument {
    const found = this.#place.documents.get(id);
    if (!found || found.expiresAt > Date.now()) return found?.raw;
    this.#place.documents.delete(id);
    return undefined;
  }

  #stateOf(id: string): string | undefined {
    const raw = this.#live(id);
    if (!raw) return undefined;
    return (JSON.parse(Buffer.from(raw).toString()) as { status?: string }).status;
  }

  #progress(groupId: string, caller: string): ChordProgress {
    const chord = this.#place.chord(groupId);
    const count = chord.parts.size;
    if (chord.size === undefined) return { count, complete: false };
    const size = chord.size + chord.added;
    if (count >= size) chord.owner ??= caller;
    return { count, size, complete: count >= size && chord.owner === caller };
  }
}
