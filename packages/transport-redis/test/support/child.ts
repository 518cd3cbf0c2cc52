import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from '@pool/servers/waiting';
import type { RedisTransportOptions } from '@pool/transport-redis';
import { onTestFinished } from 'vitest';

/** What the process is to do. */
export interface ConsumerOrder {
  url: string;
  queue: string;
  options: RedisTransportOptions;
  prefetch: number;
  play: 'work' | 'hold' | 'block';
}

/** A process that consumes, and can be killed as nothing prevents. */
export class ConsumerProcess {
  readonly child: ChildProcess;
  #told = '';

  constructor(order: ConsumerOrder) {
    const script = fileURLToPath(new URL('../fixtures/consumer.js', import.meta.url));
    this.child = spawn(process.execPath, [script, JSON.stringify(order)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#told += text;
    });
    onTestFinished(() => this.kill());
  }

  /** The messages it told of, in whole lines. */
  get texts(): string[] {
    return this.#told
      .slice(0, this.#told.lastIndexOf('\n') + 1)
      .split('\n')
      .filter(Boolean);
  }

  told(count: number): Promise<void> {
    return until(() => this.texts.length >= count, `the process tells of ${count} messages`);
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }
}
