import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Worker } from '../worker.js';
import type { Metrics } from './metrics.js';

/**
 * What an orchestrator asks: `/healthz`, the process answers and the worker has not ended; `/readyz`, it consumes and its
 * pool takes jobs; `/metrics`, numbers for Prometheus.
 */
export class HealthServer {
  readonly #worker: Worker;
  readonly #metrics: Metrics;
  readonly #server: Server;

  constructor(worker: Worker, metrics: Metrics) {
    this.#worker = worker;
    this.#metrics = metrics;
    this.#server = createServer((request, response) => {
      this.#answer(request.url ?? '/', response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
  }

  /** The port in use. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async listen(port: number, host: string): Promise<void> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(url: string, response: ServerResponse): Promise<void> {
    const [path] = url.split('?');
    if (path === '/metrics') {
      const text = await this.#metrics.render();
      response.writeHead(200, { 'content-type': this.#metrics.contentType }).end(text);
    } else if (path === '/healthz') {
      const { state } = this.#worker;
      json(response, state === 'stopped' ? 503 : 200, { status: state });
    } else if (path === '/readyz') {
      const problems = readiness(this.#worker);
      json(response, problems.length === 0 ? 200 : 503, {
        status: problems.length === 0 ? 'ready' : 'not ready',
        problems,
      });
    } else {
      json(response, 404, { error: 'there are /healthz, /readyz and /metrics' });
    }
  }
}

/** What keeps a worker from taking tasks; empty when nothing does. */
export function readiness(worker: Worker): string[] {
  const problems: string[] = [];
  const { state, pool, consumption, transport } = worker;
  if (state !== 'running') problems.push(`the worker is ${state}`);
  if (transport?.state !== 'connected') problems.push('the broker is away');
  else if (consumption?.consuming !== true) problems.push('nothing is consumed');
  if (consumption?.full === true) problems.push('too many results wait to be stored');
  if (pool?.active !== true) problems.push('the pool takes no jobs');
  return problems;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(`${JSON.stringify(body)}\n`);
}
