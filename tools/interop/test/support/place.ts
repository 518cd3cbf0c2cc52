import { requireServer } from '@pool/servers/vitest';

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

/** Redis for everything. */
export async function redisPlace(): Promise<Place> {
  const redis = await requireServer('redis');
  return place('Redis', redis.url, redis.url);
}

/** RabbitMQ, with results over it too. */
export async function rabbitPlace(): Promise<Place> {
  const rabbitmq = await requireServer('rabbitmq');
  return place('RabbitMQ', rabbitmq.url, 'rpc://');
}

/** RabbitMQ for messages and Redis for results, the commonest set-up of chords. */
export async function rabbitAndRedisPlace(): Promise<Place> {
  const [rabbitmq, redis] = [await requireServer('rabbitmq'), await requireServer('redis')];
  return place('RabbitMQ with Redis', rabbitmq.url, redis.url);
}
