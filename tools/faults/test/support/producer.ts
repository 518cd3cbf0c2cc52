import { App } from '@pool/app';
import { expect, onTestFinished } from 'vitest';
import type { Site } from './sites.js';

/** What sends the tasks of a test; closed when the test ends. */
export function producerAt({ server, results, transport }: Site): App {
  const app = new App('producer', {
    broker: server.url,
    brokerTransportOptions: transport,
    ...(results ? { resultBackend: server.url } : {}),
  });
  onTestFinished(() => app.close());
  return app;
}

/** The queue is empty, nothing was set aside, and where there are results they are all there. */
export async function expectNothingLeft(site: Site, ids: readonly string[]): Promise<void> {
  const app = producerAt(site);
  const transport = await app.transport();
  await transport.connect();
  expect(await transport.queueSize('celery')).toBe(0);
  expect(await transport.queueSize('celery.rejected').catch(() => 0)).toBe(0);
  if (!site.results) return;
  const states = new Map<string, number>();
  for (let i = 0; i < ids.length; i += 1000) {
    const chunk = ids.slice(i, i + 1000);
    for (const state of await Promise.all(chunk.map((id) => app.AsyncResult(id).state())))
      states.set(state, (states.get(state) ?? 0) + 1);
  }
  expect([...states]).toEqual([['SUCCESS', ids.length]]);
}
