import { type PoolConformanceOptions, poolConformance } from '@pool/testkit/pool';

/** A test of the suite, as a runner was given it. */
export interface RecordedTest {
  readonly area: string;
  readonly title: string;
  /** Runs it; resolves with what it threw, if it failed. */
  readonly run: (() => Promise<unknown>) | undefined;
}

/** What a suite is given to define its tests with. */
type Runner = Pick<PoolConformanceOptions, 'describe' | 'it'>;

/** Collects the tests that the suite defines for a pool, and runs none. */
export function record(options: Omit<PoolConformanceOptions, 'describe' | 'it'>): readonly RecordedTest[] {
  return collect((runner) => poolConformance({ ...options, ...runner }));
}

/** Collects the tests that a suite defines. */
export function collect(define: (runner: Runner) => void): readonly RecordedTest[] {
  const tests: RecordedTest[] = [];
  const path: string[] = [];
  const describe = (name: string, body: () => void): void => {
    path.push(name);
    body();
    path.pop();
  };
  const it: PoolConformanceOptions['it'] = Object.assign(
    (title: string, _: unknown, body: (context: { skip(): void }) => Promise<void>) => {
      const run = (): Promise<unknown> =>
        body({ skip() {} }).then(
          () => undefined,
          (error: unknown) => error,
        );
      tests.push({ area: path.at(-1) ?? '', title, run });
    },
    {
      skip: (title: string) => {
        tests.push({ area: path.at(-1) ?? '', title, run: undefined });
      },
    },
  );
  define({ describe, it });
  return tests;
}
