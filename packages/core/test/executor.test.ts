import { expect, it } from 'vitest';
import { Executor } from '../src/child/executor.js';
import { DETAILED_JOB, DONE } from '../src/child-messages.js';

it('a soft limit that strikes while a job is taken up takes no job away', async () => {
  const messages: unknown[][] = [];
  const outlet = { write: (...message: unknown[]) => void messages.push(message), flush() {} };
  let idle = (): void => {};
  const rested = new Promise<void>((resolve) => {
    idle = resolve;
  });
  const executor = new Executor(outlet, { ended() {}, idle: () => idle() });
  const target = { module: '/m.js', name: 'f', fn: (value: unknown) => value };
  const details = (value: unknown): unknown[] => [[value], null, null, 0.3];
  let interrupted = 0;
  const slow = details('a');
  slow[Symbol.iterator] = function* () {
    // Taking it up lasts for ever, once.
    if (interrupted++ === 0) for (;;);
    yield* details('a');
    return undefined;
  };
  executor.push(DETAILED_JOB, 1, target, slow);
  executor.push(DETAILED_JOB, 2, target, details('b'));
  executor.run();
  await rested;
  const ends = messages.filter(([kind]) => kind === DONE).map(([, id, value]) => [id, value]);
  expect(ends).toEqual([
    [1, 'a'],
    [2, 'b'],
  ]);
  expect([interrupted, executor.busy]).toEqual([2, false]);
});
