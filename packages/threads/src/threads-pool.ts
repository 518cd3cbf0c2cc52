import type { ResourceLimits } from 'node:worker_threads';
import {
  type Child,
  type ChildListener,
  ChildPool,
  type ChildPoolOptions,
  type ChildSpec,
  childPoolOptionNames,
  type PoolCapabilities,
} from '@pool/core';
import { inheritedExecArgv } from './inherited-exec-argv.js';
import { ThreadChild, type ThreadOptions } from './thread-child.js';

/** What a {@link ThreadsPool} can be told, besides what every pool of children can. */
export interface ThreadsPoolOptions extends ChildPoolOptions {
  /**
   * V8's limits for each thread, in MB. A thread that hits one is lost alone.
   *
   * @default those of this process, but for a `maxYoungGenerationSizeMb` of 12
   */
  resourceLimits?: ResourceLimits | undefined;
  /** The threads' environment. @default a copy of this process's, as it is when a thread is made */
  env?: Record<string, string> | undefined;
  /** Node's options for the threads. @default those of this process */
  execArgv?: readonly string[] | undefined;
  /** `process.argv` of the threads from the third on. @default none */
  argv?: readonly string[] | undefined;
}

const capabilities: PoolCapabilities = Object.freeze({
  functions: false,
  parallel: true,
  hardKill: true,
  terminateJob: true,
  softLimit: 'interrupt',
  isolatedMemory: true,
  isolatedCrashes: true,
  resize: true,
  restart: true,
  recycle: true,
});

/**
 * Left to itself, V8 lets a thread's space for new objects grow to 48 MB, of which two thirds are touched in turn however
 * little lives there; threads of small jobs run no faster for it. Node's own `--max-semi-space-size` counts for more.
 */
const SMALL_YOUNG_GENERATION: ResourceLimits = Object.freeze({ maxYoungGenerationSizeMb: 12 });

const ownOptionNames = ['resourceLimits', 'env', 'execArgv', 'argv'];

/**
 * A pool whose jobs run in worker threads, one at a time in each. Unlike Celery's, whose threads share one interpreter
 * lock, they run at the same time, have limits, and can be killed.
 */
export class ThreadsPool extends ChildPool {
  static override readonly optionNames: readonly string[] = [...childPoolOptionNames, ...ownOptionNames];
  override readonly capabilities: PoolCapabilities = capabilities;
  readonly #options: ThreadOptions;

  constructor(options: ThreadsPoolOptions = {}) {
    super(options);
    const { resourceLimits, env, execArgv = inheritedExecArgv(), argv } = options;
    if (resourceLimits !== undefined && (typeof resourceLimits !== 'object' || resourceLimits === null))
      throw new TypeError('resourceLimits must be an object');
    this.#options = {
      resourceLimits: { ...SMALL_YOUNG_GENERATION, ...resourceLimits },
      ...(env === undefined ? {} : { env }),
      ...(execArgv === undefined ? {} : { execArgv: strings('execArgv', execArgv) }),
      ...(argv === undefined ? {} : { argv: strings('argv', argv) }),
    };
  }

  override get bodyCanBeBuffer(): boolean {
    return true;
  }

  protected override spawnChild(_spec: ChildSpec, listener: ChildListener): Child {
    return new ThreadChild(listener, this.childOptions.depth, this.#options);
  }

  protected override getInfo(): Record<string, unknown> {
    return { ...super.getInfo(), threads: this.numProcesses };
  }
}

function strings(name: string, value: unknown): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return [...value];
  throw new TypeError(`${name} must be an array of strings`);
}
