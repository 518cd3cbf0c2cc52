import type { BasePool, PoolCapabilities } from '@pool/core';
import type { AreaName } from './area-names.js';
import type { CreateOptions, PoolConformanceOptions, PoolModule } from './options.js';
import { QuietLogger } from './quiet-logger.js';
import type { TestContext } from './runner.js';
import { Scene, type SceneSettings } from './scene.js';

/** A test's body. */
export type Play = (scene: Scene, context: TestContext) => Promise<void>;

/** Stands for a test that makes no sense for this pool. */
const pointless: unique symbol = Symbol('pointless');

/** A reason to skip a test, or to leave it out altogether, or nothing. */
export type Lack = string | typeof pointless | undefined;

/** How much longer than the kit's own deadlines the runner waits, so that it is the kit that tells what was late. */
const RUNNER_SLACK = 3;

/** The suite of one pool: what it declares, and how a test of it is made. */
export class Suite {
  readonly capabilities: PoolCapabilities;
  readonly module: PoolModule | undefined;
  readonly options: PoolConformanceOptions;
  readonly settings: SceneSettings;
  /** How many slots the pool grants when it is asked for two. */
  readonly slots: number;

  constructor(options: PoolConformanceOptions) {
    this.options = options;
    this.module = options.module;
    this.settings = {
      create: (createOptions) => options.create(createOptions),
      targets: options.targets ?? new URL('./targets.js', import.meta.url).href,
      patience: options.patience ?? 30,
    };
    const probe = this.#probe({ limit: 2 });
    this.slots = probe?.limit ?? 1;
    this.capabilities = (probe ?? this.#probe({ limit: 1 }) ?? options.create({})).capabilities;
  }

  /** A pool that is only looked at. Some have a fixed limit and refuse another. */
  #probe(createOptions: CreateOptions): BasePool | undefined {
    try {
      return this.options.create({ ...createOptions, logger: new QuietLogger() });
    } catch {
      return undefined;
    }
  }

  area(name: AreaName, body: () => void): void {
    if (this.options.areas?.includes(name) ?? true) this.options.describe(name, body);
  }

  /** A test that is skipped, with the reason in its title, when the pool lacks what it needs. */
  test(title: string, play: Play, ...lacks: Lack[]): void {
    if (lacks.includes(pointless)) return;
    const lack = lacks.find((reason) => reason !== undefined);
    if (lack !== undefined) {
      this.options.it.skip(`${title} (skipped: ${String(lack)})`, () => {});
      return;
    }
    const timeout = this.settings.patience * RUNNER_SLACK * 1000;
    this.options.it(title, { timeout }, async (context) => {
      const scene = new Scene(this.settings);
      try {
        await play(scene, context);
        await scene.end();
      } finally {
        await scene.dispose();
      }
    });
  }

  /** What is missing for a test of a capability. */
  lacks(capability: keyof PoolCapabilities): Lack {
    const value = this.capabilities[capability];
    return value === false ? `the pool declares ${capability}: false` : undefined;
  }

  /** For a test of how a pool does without a capability: there is no such test of one that has it. */
  has(capability: keyof PoolCapabilities): Lack {
    return this.capabilities[capability] === false ? undefined : pointless;
  }

  /** For a test of a pool whose soft limit does not interrupt. */
  get interrupts(): Lack {
    return this.capabilities.softLimit === 'interrupt' ? pointless : undefined;
  }

  /** What is missing for a test that needs two slots. */
  get single(): Lack {
    return this.slots >= 2 ? undefined : 'the pool runs one job at a time';
  }

  get noModule(): Lack {
    return this.module === undefined ? 'the option module was not given' : undefined;
  }
}
