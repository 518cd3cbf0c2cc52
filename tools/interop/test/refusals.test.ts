import { expect, onTestFinished, test } from 'vitest';
import { interopApp } from './fixtures/tasks.mjs';
import { rabbitPlace, redisPlace } from './support/place.js';
import { ourWorker } from './support/scene.js';

const redis = (await redisPlace()).broker;
const rabbitmq = (await rabbitPlace()).broker;

function withLogin(url: string): string {
  const changed = new URL(url);
  changed.username = 'nobody';
  changed.password = 'wrong';
  return changed.href;
}

test.each([
  ['a database that is not there', redis.replace(/\/\d*$/, '/9999'), /DB index is out of range/],
  ['a Redis user that is unknown', withLogin(redis), /WRONGPASS/],
  ['a virtual host that is not there', rabbitmq.replace(/\/*$/, '/nowhere'), /virtual host "nowhere"/],
  ['a RabbitMQ user that is unknown', withLogin(rabbitmq), /ACCESS_REFUSED/],
])('a worker that is refused for %s says so and does not start', async (_why, broker, reason) => {
  const { app } = interopApp({ broker });
  onTestFinished(() => app.close());
  const started = ourWorker(app, {});
  await expect(started).rejects.toMatchObject({
    code: 'ERR_POOL_BROKER_REFUSED',
    message: expect.stringMatching(reason),
  });
});

test('one of several that refuses is passed over', async () => {
  const { app } = interopApp({ broker: `${withLogin(redis)};${redis}` });
  onTestFinished(() => app.close());
  const worker = await ourWorker(app, {});
  await worker.stop();
});
