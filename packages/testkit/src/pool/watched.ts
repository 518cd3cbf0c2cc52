import assert from 'node:assert/strict';
import type { ApplyOptions, ExceptionInfo, Job, JobState } from '@pool/core';

/** Something that a job's callbacks told. */
export type Told =
  | { kind: 'accept'; pid: number; time: number }
  | { kind: 'soft'; seconds: number }
  | { kind: 'success'; value: unknown }
  | { kind: 'failure'; info: ExceptionInfo }
  | { kind: 'timeout'; seconds: number };

/** How a job ended. */
export type Ending = Extract<Told, { kind: 'success' | 'failure' | 'timeout' }>;

/** A job all of whose callbacks are written down. */
export class Watched {
  job: Job | undefined;
  /** Hears of everything as it is told. */
  onTold: (told: Told) => void = () => {};
  readonly title: string;
  readonly told: Told[] = [];
  /** Resolves at the first ending that is told; never rejects. */
  readonly ended: Promise<Ending>;
  readonly accepted: Promise<void>;
  readonly options: ApplyOptions;

  constructor(title: string, options: ApplyOptions) {
    this.title = title;
    let onEnded: (ending: Ending) => void = () => {};
    let onAccepted: () => void = () => {};
    this.ended = new Promise((resolve) => {
      onEnded = resolve;
    });
    this.accepted = new Promise((resolve) => {
      onAccepted = resolve;
    });
    const tell = (told: Told): void => {
      this.told.push(told);
      this.onTold(told);
      if (told.kind === 'accept') onAccepted();
      else if (told.kind !== 'soft') onEnded(told);
    };
    this.options = {
      acceptCallback: (pid, time) => tell({ kind: 'accept', pid, time }),
      timeoutCallback: (soft, seconds) => tell({ kind: soft ? 'soft' : 'timeout', seconds }),
      callback: (value) => tell({ kind: 'success', value }),
      errorCallback: (info) => tell({ kind: 'failure', info }),
      ...options,
    };
  }

  get kinds(): string[] {
    return this.told.map(({ kind }) => kind);
  }

  /** Asserts what holds for every job on every pool, once it has ended. */
  assertLife(): void {
    const { title, kinds, job } = this;
    const story = `the job ${title} told: ${kinds.join(', ') || 'nothing'}`;
    const endings = kinds.filter((kind) => kind === 'success' || kind === 'failure' || kind === 'timeout');
    assert.equal(endings.length, 1, `a job ends exactly once; ${story}`);
    assert.equal(kinds.at(-1), endings[0], `nothing is told after the ending; ${story}`);
    const accepts = kinds.filter((kind) => kind === 'accept').length;
    assert.ok(accepts <= 1, `a job is accepted at most once; ${story}`);
    if (accepts === 1) assert.equal(kinds[0], 'accept', `acceptance comes first; ${story}`);
    else assert.deepEqual(endings, ['failure'], `only a failure can come without acceptance; ${story}`);
    assert.ok(kinds.filter((kind) => kind === 'soft').length <= 1, `one soft timeout at most; ${story}`);
    assert.ok(job?.ready, `an ended job is ready; ${story}`);
    assert.equal(job.state, endings[0] as JobState, `the state is the ending; ${story}`);
  }
}
