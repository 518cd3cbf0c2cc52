import type { ServerProcess } from './server-process.js';

/** What every running server offers a test. */
export interface RunningServer {
  readonly name: string;
  readonly host: '127.0.0.1';
  readonly port: number;
  /** How a client connects, with the password if there is one. */
  readonly url: string;
  readonly pid: number;
  readonly running: boolean;
  /** The last that the server printed. */
  readonly output: string;
  /** Waits until it prints, or has printed, what matches; fails after some seconds (30 by default). */
  printed(pattern: RegExp, seconds?: number): Promise<void>;
  /** Ends it and waits for that; its data stays for {@link restart}. SIGKILL by default. */
  kill(signal?: 'SIGKILL' | 'SIGTERM' | 'SIGINT'): Promise<void>;
  /** Ends it if it runs (SIGTERM by default) and starts it again on the same port with the same data. */
  restart(options?: { signal?: 'SIGKILL' | 'SIGTERM' }): Promise<void>;
  /** Freezes it (SIGSTOP) and waits until it stands: connections stay open, nothing answers. */
  pause(): Promise<void>;
  /** Lets it go on after {@link pause}. */
  resume(): void;
  /** Ends it and deletes its files. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The part of {@link RunningServer} that is the same for every server that is one process. */
export abstract class OneProcessServer implements RunningServer {
  readonly host = '127.0.0.1';
  protected readonly process: ServerProcess;

  constructor(process: ServerProcess) {
    this.process = process;
  }

  abstract get url(): string;

  get name(): string {
    return this.process.name;
  }
  get port(): number {
    return this.process.port;
  }
  get pid(): number {
    return this.process.pid;
  }
  get running(): boolean {
    return this.process.running;
  }
  get output(): string {
    return this.process.output;
  }

  printed(pattern: RegExp, seconds?: number): Promise<void> {
    return this.process.printed(pattern, seconds);
  }
  kill(signal?: 'SIGKILL' | 'SIGTERM' | 'SIGINT'): Promise<void> {
    return this.process.kill(signal);
  }
  restart(options?: { signal?: 'SIGKILL' | 'SIGTERM' }): Promise<void> {
    return this.process.restart(options);
  }
  pause(): Promise<void> {
    return this.process.pause();
  }
  resume(): void {
    this.process.resume();
  }
  stop(): Promise<void> {
    return this.process.stop();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
