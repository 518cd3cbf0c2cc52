import { ServerMissingError } from '@pool/servers';
import { requirePart } from '@pool/servers/vitest';
import { inject } from 'vitest';

/** A broker and a result store, as both sides name them. */
export interface Place {
  name: string;
  broker: string;
  resultBackend: string;
  pythonEnv: Record<string, string>;
  nodeEnv: Record<string, string>;
}

function place(name: string, broker: string, resultBackend: string): Place {
  return {
    name,
    broker,
    resultBackend,
    pythonEnv: { INTEROP_BROKER: broker, INTEROP_BACKEND: resultBackend },
    nodeEnv: { POOL_BROKER_URL: broker, POOL_RESULT_BACKEND: resultBackend },
  };
}

/** Where a server or Celery's interpreter is; without it the tests of the file are skipped. */
export function required(name: 'redis' | 'rabbitmq' | 'celery'): Promise<string> {
  return requirePart(name, async () => {
    const part = inject(name);
    if ('missing' in part) throw new ServerMissingError(part.missing);
    return part.at;
  });
}

/** Redis for everything. */
export async function redisPlace(): Promise<Place> {
  const redis = await required('redis');
  return place('Redis', redis, redis);
}

/** RabbitMQ, with results over it too. */
export async function rabbitPlace(): Promise<Place> {
  return place('RabbitMQ', await required('rabbitmq'), 'rpc://');
}

/** RabbitMQ for messages and Redis for results, the commonest set-up of chords. */
export async function rabbitAndRedisPlace(): Promise<Place> {
  return place('RabbitMQ with Redis', await required('rabbitmq'), await required('redis'));
}
