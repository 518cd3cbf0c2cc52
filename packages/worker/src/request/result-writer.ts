import type { ResultEntry, ResultStore } from '@pool/results';
import { backOff } from '@pool/transport';
import type { StoreStatus } from '../connect.js';
import type { WorkerLogger } from '../logging/logger.js';
import { pause } from '../pause.js';

/** Is told what became of an owner's entry: why it could not be stored, in spite of all attempts, if it was not. */
export type StoredCallback<Owner> = (owner: Owner, error: Error | undefined) => void;

/** What writing results needs of its worker. */
export interface WriterContext {
  readonly store: ResultStore;
  readonly storeStatus: StoreStatus;
  readonly logger: WorkerLogger;
}

interface Pending<Owner> {
  readonly entry: ResultEntry;
  readonly owner: Owner;
}

/** How often a document is tried to be stored before it is given up. With back-off that is about two minutes. */
const ATTEMPTS = 10;
/** Seconds after which a store that does not answer is told of. */
const PATIENCE = 5;

/**
 * Writes result documents in batches of what one turn of the event loop brought, and tells the owner of each when it
 * is stored. A batch that fails is written one by one, with back-off, so that one bad document holds up no other.
 */
export class ResultWriter<Owner> {
  readonly #store: ResultStore;
  readonly #status: StoreStatus;
  readonly #logger: WorkerLogger;
  readonly #onStored: StoredCallback<Owner>;
  #batch: Pending<Owner>[] = [];
  #scheduled = false;
  #givingUp: AbortController = new AbortController();
  #unanswered = 0;
  #impatience: NodeJS.Timeout | undefined;
  #toldSilence = false;

  constructor({ store, storeStatus, logger }: WriterContext, onStored: StoredCallback<Owner>) {
    this.#store = store;
    this.#status = storeStatus;
    this.#logger = logger;
    this.#onStored = onStored;
  }

  add(entry: ResultEntry, owner: Owner): void {
    this.#batch.push({ entry, owner });
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#flush);
  }

  /** Fails what waits for another attempt. */
  giveUp(): void {
    this.#givingUp.abort();
  }

  readonly #flush = (): void => {
    this.#scheduled = false;
    const batch = this.#batch;
    this.#batch = [];
    this.#asked(batch.length);
    this.#store.store(batch.map((pending) => pending.entry)).then(
      () => {
        this.#answered(batch.length);
        for (const { owner } of batch) this.#onStored(owner, undefined);
      },
      (error: unknown) => {
        this.#answered(batch.length);
        this.#logger.warn({ err: error }, `${batch.length} results could not be stored; trying again`);
        for (const pending of batch) void this.#insist(pending);
      },
    );
  };

  #asked(count: number): void {
    this.#unanswered += count;
    if (this.#impatience !== undefined) return;
    this.#impatience = setTimeout(() => {
      if (this.#status.away) return;
      if (!this.#toldSilence)
        this.#logger.error(`The result store does not answer; ${this.#unanswered} results wait for it`);
      this.#toldSilence = true;
    }, PATIENCE * 1000);
    this.#impatience.unref();
  }

  #answered(count: number): void {
    this.#unanswered -= count;
    if (this.#toldSilence) this.#logger.info('The result store answers again');
    this.#toldSilence = false;
    clearTimeout(this.#impatience);
    this.#impatience = undefined;
    if (this.#unanswered > 0) this.#asked(0);
  }

  async #insist({ entry, owner }: Pending<Owner>): Promise<void> {
    let last: unknown;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        await this.#store.store(entry);
        this.#onStored(owner, undefined);
        return;
      } catch (error) {
        last = error;
        await pause(backOff(attempt), this.#givingUp.signal);
        if (this.#givingUp.signal.aborted) break;
      }
    }
    this.#onStored(owner, last instanceof Error ? last : new Error(String(last)));
  }
}
