import { python, ServerMissingError, startRabbitmq, startRedis } from '@pool/servers';
import type { TestProject } from 'vitest/node';

/** A URL or a path, or why there is none. */
export type Part = { at: string } | { missing: string };

declare module 'vitest' {
  interface ProvidedContext {
    redis: Part;
    rabbitmq: Part;
    celery: Part;
  }
}

/** Starts the servers once for all files, which run one after the other. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const stops: (() => Promise<void>)[] = [];
  const part = async (name: 'redis' | 'rabbitmq' | 'celery', start: () => Promise<string>): Promise<void> => {
    try {
      provide(name, { at: await start() });
    } catch (error) {
      if (!(error instanceof ServerMissingError)) throw error;
      provide(name, { missing: error.message });
    }
  };
  const started = async (server: { url: string; stop(): Promise<void> }): Promise<string> => {
    stops.push(() => server.stop());
    return server.url;
  };
  await Promise.all([
    part('redis', async () => started(await startRedis())),
    part('rabbitmq', async () => started(await startRabbitmq())),
    part('celery', () => python(['celery', 'redis', 'amqp'])),
  ]);
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}
