import {
  type AreaName,
  type Describe,
  type It,
  type TransportConformanceOptions,
  transportConformance,
} from '@pool/testkit/transport';

export interface Outcome {
  readonly failed: string[];
  readonly passed: string[];
  readonly skipped: string[];
}

/** Runs one area of the suite outside of any runner, and tells what failed. */
export async function runArea(
  area: AreaName,
  create: TransportConformanceOptions['create'],
  options: Partial<TransportConformanceOptions> = {},
): Promise<Outcome> {
  const outcome: Outcome = { failed: [], passed: [], skipped: [] };
  const tests: [title: string, body: () => Promise<void>][] = [];
  const collect: Describe = (_name, body) => body();
  const add = ((title, _options, body) => {
    tests.push([title, () => body({ skip: () => {} })]);
  }) as It;
  add.skip = (title) => {
    outcome.skipped.push(title);
  };
  transportConformance({
    describe: collect,
    it: add,
    name: 'tiny',
    url: (place) => `memory://${place}`,
    create,
    areas: [area],
    ...options,
  });
  const run = async ([title, body]: (typeof tests)[number]): Promise<void> => {
    await body().then(
      () => outcome.passed.push(title),
      () => outcome.failed.push(title),
    );
  };
  await Promise.all(tests.map(run));
  return outcome;
}
