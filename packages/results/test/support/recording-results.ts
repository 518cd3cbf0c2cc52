import {
  BaseResultStore,
  type RawDocument,
  type ResultEntry,
  type ResultStoreCapabilities,
} from '@pool/results';

/** A store that notes what the base asks of it. */
export class RecordingResults extends BaseResultStore {
  readonly capabilities: ResultStoreCapabilities = {
    wakeUp: true,
    shared: true,
    persistent: false,
    expiry: false,
    forget: false,
    groups: false,
    chords: false,
  };
  readonly calls: string[] = [];
  readonly batches: string[][] = [];
  readonly documents = new Map<string, Uint8Array>();
  /** What `onConnect` does. */
  connecting: () => Promise<void> = async () => {};
  /** What each write waits for. */
  writing: Promise<void> = Promise.resolve();
  /** What `onSubscribe` does. */
  subscribing: () => Promise<void> = async () => {};
  failing: Error | undefined;
  /** Whether it subscribes to ids before there are tasks. */
  ahead = false;

  protected override get subscribesAhead(): boolean {
    return this.ahead;
  }

  protected override async onConnect(): Promise<void> {
    this.calls.push('connect');
    await this.connecting();
  }

  protected override async onClose(): Promise<void> {
    this.calls.push('close');
  }

  protected override async onStore(entries: readonly ResultEntry[]): Promise<(Error | undefined)[]> {
    this.batches.push(entries.map(({ id, state }) => `${id} ${state}`));
    await this.writing;
    if (this.failing) throw this.failing;
    return entries.map(({ id, document }) => {
      if (id === 'bad') return new Error('bad entry');
      this.documents.set(id, document);
      return undefined;
    });
  }

  protected override async onGet(ids: readonly string[]): Promise<RawDocument[]> {
    this.calls.push(`get ${ids.join(' ')}`);
    return ids.map((id) => this.documents.get(id));
  }

  protected override async onSubscribe(ids: readonly string[]): Promise<void> {
    this.calls.push(`subscribe ${ids.join(' ')}`);
    await this.subscribing();
  }

  protected override async onUnsubscribe(ids: readonly string[]): Promise<void> {
    this.calls.push(`unsubscribe ${ids.join(' ')}`);
  }

  /** Tells of a change, as a store does. */
  tell(id: string): void {
    const document = this.documents.get(id);
    if (document) this.deliver(id, document);
  }
}
