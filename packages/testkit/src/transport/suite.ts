import { randomUUID } from 'node:crypto';
import type { Capability, TransportCapabilities } from '@pool/transport';
import type { AreaName } from './area-names.js';
import type { TransportConformanceOptions } from './options.js';
import { Scene } from './scene.js';

/** A reason to skip a test, or nothing. */
export type Lack = string | undefined;

/** How much longer than the kit's own deadlines the runner waits, so that it is the kit that tells what was late. */
const runnerSlack = 3;

/** The suite of one transport: what it declares, and how a test of it is made. */
export class Suite {
  readonly capabilities: TransportCapabilities;
  readonly options: TransportConformanceOptions;

  constructor(options: TransportConformanceOptions) {
    this.options = options;
    // It is only looked at: a transport that was made has opened nothing.
    this.capabilities = options.create(options.url(`probe-${randomUUID()}`), {}).capabilities;
  }

  area(name: AreaName, body: () => void): void {
    if (this.options.areas?.includes(name) ?? true) this.options.describe(name, body);
  }

  /** A test that is skipped, with the reason in its title, when the transport lacks what it needs. */
  test(title: string, play: (scene: Scene) => Promise<void>, ...lacks: Lack[]): void {
    const { it, patience = 30 } = this.options;
    const lack = lacks.find((reason) => reason !== undefined);
    if (lack !== undefined) {
      it.skip(`${title} (skipped: ${lack})`, () => {});
      return;
    }
    it(title, { timeout: patience * runnerSlack * 1000 }, async () => {
      const scene = new Scene(this.options, patience);
      try {
        await play(scene);
      } finally {
        await scene.end();
      }
    });
  }

  /** What is missing for a test of a capability. */
  lacks(capability: Capability): Lack {
    return this.capabilities[capability] === false
      ? `the transport declares ${capability}: false`
      : undefined;
  }

  /** What is missing for a test of a transport that does without a capability. */
  has(capability: Capability): Lack {
    return this.capabilities[capability] === false ? undefined : `the transport declares ${capability}`;
  }

  /** What is missing for a test that needs an option. */
  without(option: 'module' | 'putMalformed' | 'reasonsAside'): Lack {
    return this.options[option] === undefined ? `the option ${option} was not given` : undefined;
  }
}
