import type { Message } from '@pool/message';
import { ConnectionError, type ResolvedPublishOptions } from '@pool/transport';
import { MemoryTransport } from '@pool/transport-memory';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Demo, demo } from './support/demo-app.js';

/** A broker that takes messages, and says so when it is told to. */
class SlowToAnswer extends MemoryTransport {
  #answer!: (error?: Error) => void;
  readonly #answered = new Promise<void>((resolve, reject) => {
    this.#answer = (error) => (error ? reject(error) : resolve());
  });

  answer(error?: Error): void {
    // It may be known before the message is there.
    this.#answered.catch(() => {});
    this.#answer(error);
  }

  protected override async onPublish(message: Message, options: ResolvedPublishOptions): Promise<void> {
    await super.onPublish(message, options);
    await this.#answered;
  }
}

let broker: SlowToAnswer;
let scene: Demo;
beforeEach(async () => {
  broker = new SlowToAnswer('memory://');
  scene = await demo({ broker });
});
afterEach(async () => {
  broker.answer();
  await scene[Symbol.asyncDispose]();
  await broker.close();
});

it('gives a result that comes before the answer of the broker', async () => {
  const sent = scene.add.delay(2, 3);
  let answered = false;
  void sent.then(() => {
    answered = true;
  });
  expect(await sent.get({ timeout: 60 })).toBe(5);
  expect(answered).toBe(false);
  broker.answer();
  expect(await (await sent).get({ timeout: 60 })).toBe(5);
});

it('looks for a result only once it can be listened for', async () => {
  broker.answer();
  const store = await scene.app.resultStore();
  const looks = vi.spyOn(store as unknown as { onGet(ids: readonly string[]): Promise<unknown> }, 'onGet');
  const subscribe = vi.spyOn(store as unknown as { onSubscribe(): Promise<void> }, 'onSubscribe');
  let before = -1;
  subscribe.mockImplementation(async () => {
    before = looks.mock.calls.length;
  });
  const sent = scene.add.delay(2, 3);
  expect(await sent.get({ timeout: 60 })).toBe(5);
  expect(before).toBe(0);
});

it('says at once that the message was not sent, however long a result is waited for', async () => {
  await scene.worker.stop();
  const lost = new ConnectionError('the connection was lost');
  const sent = scene.add.applyAsync([2, 3], { retry: false });
  const waiting = [sent.get(), sent.get({ signal: new AbortController().signal })];
  broker.answer(lost);
  for (const result of await Promise.allSettled(waiting)) expect(result).toMatchObject({ reason: lost });
});

it('waits for the sending when there will be no result', async () => {
  const lost = new ConnectionError('the connection was lost');
  const sent = scene.add.applyAsync([2, 3], { retry: false, ignoreResult: true });
  const waiting = expect(sent.get()).rejects.toBe(lost);
  broker.answer(lost);
  await waiting;
});

it('ends with the signal of its caller, too', async () => {
  await scene.worker.stop();
  const reason = new Error('enough');
  await expect(scene.add.delay(2, 3).get({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

it('of a call that is wrong is wrong whether it is awaited or not', async () => {
  const wrong = () => scene.add.applyAsync([2, 3], { kwargs: { z: 1 } });
  await expect(wrong()).rejects.toThrow(TypeError);
  await expect(wrong().get()).rejects.toThrow(TypeError);
});
