import { fileURLToPath } from 'node:url';
import { TcpProxy } from '@pool/servers';
import { WorkerProcess } from '../../src/worker-process.mjs';
import type { Runs } from './runs.js';
import type { Site } from './sites.js';

const tasks = fileURLToPath(new URL('../../src/tasks.mjs', import.meta.url));

/** What one worker may hold at a time. */
export const SLOTS = 2;
export const PREFETCH = SLOTS * 4;

/** A worker that is started again when it is killed, with a connection of its own that can be cut. */
export class Post {
  readonly proxy: TcpProxy;
  readonly #start: (proxy: TcpProxy) => Promise<WorkerProcess>;
  #worker: Promise<WorkerProcess>;

  constructor(proxy: TcpProxy, start: (proxy: TcpProxy) => Promise<WorkerProcess>) {
    this.proxy = proxy;
    this.#start = start;
    this.#worker = start(proxy);
  }

  get worker(): Promise<WorkerProcess> {
    return this.#worker;
  }

  /** Ends the worker and starts another in its place; gives how it exited, once the other consumes. */
  async replace(signal: NodeJS.Signals): Promise<number | string | null> {
    const exited = this.#worker.then((worker) => worker.kill(signal));
    this.#worker = exited.then(() => this.#start(this.proxy));
    await this.#worker;
    return exited;
  }

  async stop(): Promise<void> {
    await (await this.#worker.catch(() => undefined))?.kill('SIGKILL');
    await this.proxy.stop();
  }
}

/** Some workers on a broker. */
export async function startFleet(site: Site, runs: Runs, size: number): Promise<Post[]> {
  const start = (proxy: TcpProxy): Promise<WorkerProcess> => {
    const url = proxy.through(site.server.url);
    const env = {
      POOL_BROKER_URL: url,
      ...(site.results ? { POOL_RESULT_BACKEND: url } : {}),
      FAULTS_RUNS: runs.folder,
      FAULTS_TRANSPORT: JSON.stringify(site.transport),
    };
    return WorkerProcess.start(tasks, env, ['-c', String(SLOTS), '--prefetch-multiplier', '4']);
  };
  const posts: Post[] = [];
  for (let i = 0; i < size; i++) posts.push(new Post(await TcpProxy.start(site.server.port), start));
  await Promise.all(posts.map((post) => post.worker));
  return posts;
}
