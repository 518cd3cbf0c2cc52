import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { freePort } from './free-port.js';

/** How an SQS emulator is set up. */
export interface SqsOptions {
  /** The port to use; a free one by default. */
  port?: number;
  /** The region; us-east-1 by default. */
  region?: string;
}

/** A running SQS emulator. It lives in this process, so it has no process to signal and keeps no data over a restart. */
export class SqsServer {
  readonly name = 'sqs';
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly region: string;
  /** Any credentials do. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  #emulator: FauxqsServer | undefined;

  constructor(emulator: FauxqsServer, region: string) {
    this.#emulator = emulator;
    this.port = emulator.port;
    this.region = region;
    this.credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  }

  /** The endpoint that an SQS client is given. */
  get endpoint(): string {
    return `http://${this.host}:${this.port}`;
  }

  /** A broker URL as Celery writes it. */
  get url(): string {
    const { accessKeyId, secretAccessKey } = this.credentials;
    return `sqs://${accessKeyId}:${secretAccessKey}@${this.host}:${this.port}`;
  }

  get running(): boolean {
    return this.#emulator !== undefined;
  }

  /** The emulator itself, to look into queues. */
  get emulator(): FauxqsServer {
    if (!this.#emulator) throw new Error('sqs is not running');
    return this.#emulator;
  }

  /** Closes the port; what was in the queues is lost. */
  async kill(): Promise<void> {
    const emulator = this.#emulator;
    this.#emulator = undefined;
    await emulator?.stop();
  }

  /** Starts again on the same port, empty. */
  async restart(): Promise<void> {
    await this.kill();
    this.#emulator = await startFauxqs(emulatorOptions(this.port, this.region));
  }

  async stop(): Promise<void> {
    await this.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Starts an SQS emulator on a free port of 127.0.0.1. */
export async function startSqs(options: SqsOptions = {}): Promise<SqsServer> {
  const region = options.region ?? 'us-east-1';
  const port = options.port ?? (await freePort());
  return new SqsServer(await startFauxqs(emulatorOptions(port, region)), region);
}

function emulatorOptions(port: number, region: string): Parameters<typeof startFauxqs>[0] {
  return { port, host: '127.0.0.1', logger: false, defaultRegion: region };
}
