import type { App } from '@pool/app';
import type { ResultStore } from '@pool/results';
import type { PreparedChordPart } from '../tracer/outcome.js';

/** What counting chords needs. */
export interface ChordKeeper {
  readonly app: App;
  readonly store: ResultStore;
}

/** Counts a finished member of a chord's header. */
export async function countChordPart(
  keeper: ChordKeeper,
  taskId: string,
  part: PreparedChordPart,
): Promise<void> {
  const { groupId, index, state, encodedResult } = part;
  await keeper.store.addChordPart(groupId, { taskId, index, state, encodedResult });
}
