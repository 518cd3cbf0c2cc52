/** Something running that can be stopped. */
interface Stoppable {
  stop(): Promise<void>;
}

/** Waits for servers that are starting; all of them, also when one fails, so that none is forgotten. */
export type Start = <T extends readonly Promise<Stoppable>[]>(
  starting: readonly [...T],
) => Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }>;

/** Runs a function that starts several servers; when it fails, those that it had started are stopped. */
export async function startTogether<T>(body: (start: Start) => Promise<T>): Promise<T> {
  const started: Stoppable[] = [];
  const start = async (starting: readonly Promise<Stoppable>[]) => {
    const outcomes = await Promise.allSettled(starting);
    for (const outcome of outcomes) if (outcome.status === 'fulfilled') started.push(outcome.value);
    return await Promise.all(starting);
  };
  try {
    return await body(start as Start);
  } catch (error) {
    await Promise.all(started.map((server) => server.stop()));
    throw error;
  }
}
