import { randomUUID } from 'node:crypto';
import type { ResultStoreCapabilities } from '@pool/results';
import type { AreaName } from './area-names.js';
import type { ResultStoreConformanceOptions } from './options.js';
import { Scene } from './scene.js';

/** A reason to skip a test, or nothing. */
export type Lack = string | undefined;

/** How much longer than the kit's own deadlines the runner waits, so that it is the kit that tells what was late. */
const runnerSlack = 3;

/** The suite of one store: what it declares, and how a test of it is made. */
export class Suite {
  readonly capabilities: ResultStoreCapabilities;
  readonly #options: ResultStoreConformanceOptions;

  constructor(options: ResultStoreConformanceOptions) {
    this.#options = options;
    this.capabilities = options.create(`probe-${randomUUID()}`, {}).capabilities;
  }

  area(name: AreaName, body: () => void): void {
    if (this.#options.areas?.includes(name) ?? true) this.#options.describe(name, body);
  }

  /** A test that is skipped, with the reason in its title, when the store lacks what it needs. */
  test(title: string, play: (scene: Scene) => Promise<void>, ...lacks: Lack[]): void {
    const { it, patience = 30 } = this.#options;
    const lack = lacks.find((reason) => reason !== undefined);
    if (lack !== undefined) {
      it.skip(`${title} (skipped: ${lack})`, () => {});
      return;
    }
    it(title, { timeout: patience * runnerSlack * 1000 }, async () => {
      const scene = new Scene(this.#options, patience);
      try {
        await play(scene);
      } finally {
        await scene.end();
      }
    });
  }

  lacks(capability: keyof ResultStoreCapabilities): Lack {
    return this.capabilities[capability] ? undefined : `the store declares ${capability}: false`;
  }

  has(capability: keyof ResultStoreCapabilities): Lack {
    return this.capabilities[capability] ? `the store declares ${capability}: true` : undefined;
  }
}
