import { expect, test } from 'vitest';
import { memoryApp, runWorker } from './support/in-process.js';

test('a retry that cannot be published is not lost: the message that ran is settled after it, or runs again', async () => {
  const app = await memoryApp();
  const retries: number[] = [];
  const flaky = app.task('demo.flaky', { bind: true, acksLate: true }, (self) => {
    retries.push(self.request.retries);
    if (self.request.retries === 0) return self.retry({ countdown: 0, error: new Error('later') });
    return 'done';
  });
  // The broker takes the call, then nothing for a while.
  const transport = await app.transport();
  const publish = transport.publish.bind(transport);
  let asked = 0;
  transport.publish = (message, options) => {
    asked += 1;
    return asked === 2 || asked === 3
      ? Promise.reject(new Error('the broker takes nothing'))
      : publish(message, options);
  };
  const { worker } = await runWorker(app);
  const result = await flaky.delay();
  expect(await result.get({ timeout: 60 })).toBe('done');
  expect(asked).toBeGreaterThan(3);
  expect(retries.at(-1)).toBe(1);
  expect(worker.counters.retried).toBe(1);
}, 60_000);
