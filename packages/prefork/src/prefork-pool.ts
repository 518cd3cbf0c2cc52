import {
  type Child,
  type ChildListener,
  ChildPool,
  type ChildPoolOptions,
  type ChildSpec,
  childPoolOptionNames,
  type PoolCapabilities,
  type Serialization,
} from '@pool/core';
import { ClaimFile } from './claim-file.js';
import { childExecArgv, inheritedExecArgv } from './exec-argv.js';
import { OomKills } from './oom-kills.js';
import { OrphanGuard } from './orphan-guard.js';
import { Output } from './output.js';
import { ProcessChild, type ProcessOptions } from './process-child.js';

/** What a {@link PreforkPool} can be told, besides what every pool of children can. */
export interface PreforkPoolOptions extends ChildPoolOptions {
  /**
   * How arguments and results travel. `json`: JSON values, Buffers and Uint8Arrays; anything else fails the job by name.
   * `structured`: whatever the structured clone takes (Map, Set, Date, bigint, cycles, …), at a price. @default 'json'
   */
  serialization?: Serialization | undefined;
  /** The children's environment. @default that of this process, as it is when a child is made */
  env?: NodeJS.ProcessEnv | undefined;
  /** The children's working directory. @default that of this process */
  cwd?: string | undefined;
  /**
   * Node's options for the children. Without `--max-semi-space-size`, here or in `NODE_OPTIONS`, they get one of 4.
   *
   * @default those of this process, without the ones that are only its own
   */
  execArgv?: readonly string[] | undefined;
  /**
   * What becomes of what children print: `prefix` passes whole lines on to this process's own stdout and stderr, each
   * marked with who printed it; `inherit` lets them write there by themselves; `ignore` drops it. @default 'prefix'
   */
  output?: 'prefix' | 'inherit' | 'ignore' | undefined;
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

const ownOptionNames = ['serialization', 'env', 'cwd', 'execArgv', 'output'];

/** A pool whose jobs run in child processes, one at a time in each. */
export class PreforkPool extends ChildPool {
  static override readonly optionNames: readonly string[] = [...childPoolOptionNames, ...ownOptionNames];
  override readonly capabilities: PoolCapabilities = capabilities;
  readonly #process: Omit<ProcessOptions, 'env' | 'execArgv' | 'claims' | 'onClaimsFailed' | 'onGone'>;
  readonly #env: NodeJS.ProcessEnv | undefined;
  readonly #execArgv: readonly string[];
  #guard: OrphanGuard | undefined = undefined;
  /** Of the children there are, and of those of which something is left. */
  readonly #pids: Set<number> = new Set();
  /** Whether there is room for what children claim from. */
  #claimable = true;
  #allGone: () => void = () => {};

  constructor(options: PreforkPoolOptions = {}) {
    super(options);
    const { serialization = 'json', env, cwd, execArgv = inheritedExecArgv(), output = 'prefix' } = options;
    if (serialization !== 'json' && serialization !== 'structured')
      throw new TypeError(`serialization must be 'json' or 'structured', not ${String(serialization)}`);
    if (output !== 'prefix' && output !== 'inherit' && output !== 'ignore')
      throw new TypeError(`output must be 'prefix', 'inherit' or 'ignore', not ${String(output)}`);
    if (!Array.isArray(execArgv)) throw new TypeError('execArgv must be an array of strings');
    this.#env = env;
    this.#execArgv = execArgv;
    this.#process = {
      serialization,
      cwd,
      killGrace: this.childOptions.killGrace,
      stdout: output === 'prefix' ? new Output(() => process.stdout) : output,
      stderr: output === 'prefix' ? new Output(() => process.stderr) : output,
      oomKills: new OomKills(),
    };
  }

  protected override async onStart(): Promise<void> {
    const started = super.onStart();
    // While the children start, so that nobody has to wait for it.
    this.#guard = new OrphanGuard(this.#pids);
    await started;
  }

  protected override async onStop(): Promise<void> {
    await super.onStop();
    await this.#release();
  }

  protected override async onTerminate(): Promise<void> {
    await super.onTerminate();
    await this.#release();
  }

  #openClaims(): ClaimFile | undefined {
    if (!this.#claimable) return undefined;
    try {
      return new ClaimFile();
    } catch (error) {
      this.logger.warn('no place for the file from which a child claims its jobs', error);
      return undefined;
    }
  }

  async #release(): Promise<void> {
    if (this.#pids.size > 0)
      await new Promise<void>((resolve) => {
        this.#allGone = resolve;
      });
    const { stdout, stderr } = this.#process;
    await Promise.all([stdout, stderr].map((output) => output instanceof Output && output.passed()));
    await this.#guard?.close();
  }

  protected override spawnChild(spec: ChildSpec, listener: ChildListener): Child {
    const env = this.#env ?? process.env;
    const child = new ProcessChild(spec, listener, {
      ...this.#process,
      env,
      execArgv: childExecArgv(this.#execArgv, env),
      claims: this.#openClaims(),
      onClaimsFailed: (error) => {
        if (!this.#claimable) return;
        this.#claimable = false;
        this.logger.warn('no room for what children claim their jobs from; new ones do without', error);
      },
      onGone: (pid) => {
        this.#pids.delete(pid);
        this.#guard?.remove(pid);
        if (this.#pids.size === 0) this.#allGone();
      },
    });
    if (child.pid !== 0) {
      this.#pids.add(child.pid);
      this.#guard?.add(child.pid);
    }
    return child;
  }
}
