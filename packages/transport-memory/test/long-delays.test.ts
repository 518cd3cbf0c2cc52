import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryTransport } from '@pool/transport-memory';
import { expect, it } from 'vitest';

it('a message delayed for longer than a timer can hold is not delivered at once', async () => {
  const transport = new MemoryTransport(`memory://${randomUUID()}`);
  await transport.connect();
  await transport.declareQueue({ name: 'later' });
  const message = {
    body: Buffer.from(''),
    contentType: '',
    contentEncoding: '',
    headers: {},
    properties: {},
  };
  await transport.publish(message, { routingKey: 'later', delay: 100 * 86_400 });
  await transport.publish(message, { routingKey: 'later', delay: 0.01 });
  // The second one shows that the broker's timers have run.
  while ((await transport.queueSize('later')) === 0) await sleep(1);
  expect(await transport.queueSize('later')).toBe(1);
  await transport.close();
});
