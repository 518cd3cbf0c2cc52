import {
  BasePool,
  ExceptionInfo,
  type Job,
  type PoolCapabilities,
  type PoolLogger,
  type PoolOptions,
} from '@pool/core';

export const quiet: PoolLogger = { debug() {}, info() {}, warn() {}, error() {} };

/** A pool that runs nothing by itself: the test says what happens to each job. */
export class FakePool extends BasePool {
  override readonly capabilities: PoolCapabilities = {
    functions: true,
    parallel: false,
    hardKill: false,
    terminateJob: true,
    softLimit: 'signal',
    isolatedMemory: false,
    isolatedCrashes: false,
    resize: true,
    restart: false,
    recycle: false,
  };
  readonly jobs: Job[] = [];
  readonly calls: string[] = [];
  startError: Error | undefined;

  constructor(options: PoolOptions = {}) {
    super({ logger: quiet, ...options });
  }

  protected override onApply(job: Job): void {
    this.jobs.push(job);
  }
  protected override onStart(): void {
    this.calls.push('start');
    if (this.startError !== undefined) throw this.startError;
  }
  protected override onClose(): void {
    this.calls.push(`close in ${this.state}`);
  }
  protected override onStop(): void {
    this.calls.push(`stop in ${this.state}`);
  }
  protected override onTerminate(): void {
    this.calls.push(`terminate in ${this.state}`);
  }
  protected override onGrow(n: number): void {
    this.calls.push(`grow ${n} to ${this.limit}`);
  }
  protected override onShrink(n: number): void {
    this.calls.push(`shrink ${n} to ${this.limit}`);
  }
  protected override onSoftTimeout(): void {
    this.calls.push('soft');
  }
  protected override onHardTimeout(): void {
    this.calls.push('hard');
  }
  protected override onDiscard(job: Job): boolean {
    return job.args[0] !== 'kept';
  }
  protected override onTerminateJob(job: Job, signal: NodeJS.Signals): void {
    this.calls.push(signal);
    this.failJob(job, ExceptionInfo.from(new Error('ended')));
  }

  accept(job: Job): boolean {
    return this.acceptJob(job, 42, 1000);
  }
  acceptNow(job: Job): boolean {
    return this.acceptJob(job);
  }
  succeed(job: Job, value: unknown): void {
    this.succeedJob(job, value);
  }
  fail(job: Job, error: unknown): void {
    this.failJob(job, ExceptionInfo.from(error));
  }
}

export async function running(options: PoolOptions = {}): Promise<FakePool> {
  const pool = new FakePool(options);
  await pool.start();
  return pool;
}
