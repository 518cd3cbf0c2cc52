import { READY_STATES } from '@pool/message';
import type { ChordPart, ChordProgress, ResultEntry, ResultStore, ResultStoreOptions } from '@pool/results';
import {
  type AreaName,
  areaNames,
  type Describe,
  type It,
  MemoryResults,
  resultStoreConformance,
} from '@pool/testkit/results';
import { describe, expect, it } from 'vitest';

interface Outcome {
  readonly failed: readonly string[];
  readonly passed: readonly string[];
}

/** Runs one area of the suite on a store, outside of any runner, and tells what failed. */
async function outcomeOf(
  area: AreaName,
  create: (place: string, options: ResultStoreOptions) => ResultStore,
  patience: number,
): Promise<Outcome> {
  const tests: [title: string, body: () => Promise<void>][] = [];
  const collect: Describe = (_name, body) => body();
  const add = ((title, _options, body) => {
    tests.push([title, () => body({ skip: () => {} })]);
  }) as It;
  add.skip = () => {};
  resultStoreConformance({
    describe: collect,
    it: add,
    name: 'broken',
    create,
    patience,
    areas: [area],
  });
  const failed: string[] = [];
  const passed: string[] = [];
  await Promise.all(
    tests.map(([title, body]) =>
      body().then(
        () => passed.push(title),
        () => failed.push(title),
      ),
    ),
  );
  return { failed, passed };
}

const broken: Record<AreaName, new (place: string, options: ResultStoreOptions) => ResultStore> = {
  lifecycle: class extends MemoryResults {
    override async close(): Promise<void> {}
  },
  documents: class extends MemoryResults {
    protected override onStore(entries: readonly ResultEntry[]): Promise<undefined> {
      return super.onStore(entries.map((entry) => ({ ...entry, id: entry.id.slice(0, 20) })));
    }
  },
  states: class extends MemoryResults {
    protected override async onStore(entries: readonly ResultEntry[]): Promise<undefined> {
      await this.onForget(entries.map(({ id }) => id));
      await super.onStore(entries);
    }
  },
  waiting: class extends MemoryResults {
    protected override deliver(): void {}
  },
  watching: class extends MemoryResults {
    protected override async onStore(entries: readonly ResultEntry[]): Promise<undefined> {
      await super.onStore(entries.filter(({ state }) => READY_STATES.has(state)));
    }
  },
  forget: class extends MemoryResults {
    protected override async onForget(): Promise<void> {}
  },
  expiry: class extends MemoryResults {
    protected override onStore(entries: readonly ResultEntry[]): Promise<undefined> {
      return super.onStore(entries.map((entry) => ({ ...entry, expires: null })));
    }
  },
  groups: class extends MemoryResults {
    protected override async onForgetGroup(): Promise<void> {}
  },
  chords: class extends MemoryResults {
    #added = 0;
    protected override async onAddChordPart(groupId: string, part: ChordPart): Promise<ChordProgress> {
      await super.onAddChordPart(groupId, part);
      const { size } = await this.onAdjustChordSize(groupId, 0);
      const count = ++this.#added;
      return { count, ...(size === undefined ? {} : { size }), complete: count === size };
    }
  },
};

describe('the suite of result stores', () => {
  for (const area of areaNames) {
    it(`fails a store whose ${area} are broken`, { timeout: 120_000 }, async () => {
      const { failed } = await outcomeOf(area, (place, options) => new broken[area](place, options), 1.5);
      expect(failed).not.toEqual([]);
    });

    it(`passes a good store in ${area}`, { timeout: 120_000 }, async () => {
      const { failed, passed } = await outcomeOf(
        area,
        (place, options) => new MemoryResults(place, options),
        30,
      );
      expect(failed).toEqual([]);
      expect(passed).not.toEqual([]);
    });
  }
});
