import { encodeResult } from '@pool/message';
import { expect, it, vi } from 'vitest';
import { RecordingResults } from './support/recording-results.js';

const patience = { timeout: 60_000 };

/** A store that subscribes ahead, and whose tasks end when they are subscribed to. */
function createStore(): RecordingResults {
  const store = new RecordingResults();
  store.ahead = true;
  return store;
}

function end(store: RecordingResults, id: string): void {
  store.documents.set(id, encodeResult({ taskId: id, status: 'SUCCESS', result: id }));
  store.tell(id);
}

/** Sends a task of a new id, waits for its result, and returns whether its id was subscribed to already. */
async function sendAndWait(store: RecordingResults): Promise<boolean> {
  const reserved = store.reserveId();
  const id = reserved ?? crypto.randomUUID();
  const waiting = store.waitFor([id], { fresh: true });
  await vi.waitFor(() => expect(subscribed(store)).toContain(id), patience);
  end(store, id);
  expect(await waiting).toMatchObject([{ result: id }]);
  return reserved !== undefined;
}

function idsOf(store: RecordingResults, what: string): string[] {
  return store.calls.flatMap((call) => (call.startsWith(`${what} `) ? call.split(' ').slice(1) : []));
}

const subscribed = (store: RecordingResults) => idsOf(store, 'subscribe');

/** An id that is subscribed to, once there is one. */
async function reserve(store: RecordingResults): Promise<string> {
  return vi.waitFor(() => {
    const id = store.reserveId();
    if (id === undefined) throw new Error('none yet');
    return id;
  }, patience);
}

it('whoever waits for what it sends finds ids that are subscribed to', async () => {
  await using store = createStore();
  expect(await sendAndWait(store)).toBe(false);
  const reserved = await Promise.all(Array.from({ length: 200 }, () => sendAndWait(store)));
  for (let i = 0; i < 200; i++) reserved.push(await sendAndWait(store));
  expect(reserved.filter(Boolean).length).toBeGreaterThan(180);
  const times = store.calls.filter((call) => call.startsWith('subscribe')).length;
  expect(times).toBeLessThan(50);
  // None twice, and each that was used is given back.
  expect(new Set(subscribed(store)).size).toBe(subscribed(store).length);
  await vi.waitFor(() => expect(idsOf(store, 'unsubscribe').length).toBeGreaterThanOrEqual(401), patience);
  expect(new Set(idsOf(store, 'unsubscribe')).size).toBe(idsOf(store, 'unsubscribe').length);
});

it('what is told of a task before anybody waits for it is not lost, nor read again', async () => {
  await using store = createStore();
  await sendAndWait(store);
  const id = await reserve(store);
  end(store, id);
  expect(await store.waitFor([id])).toMatchObject([{ result: id }]);
  expect(idsOf(store, 'get')).not.toContain(id);
  expect(subscribed(store).filter((each) => each === id)).toHaveLength(1);
});

it('what a store forgot to tell of such a task is looked for', async () => {
  await using store = createStore();
  await sendAndWait(store);
  const id = await reserve(store);
  store.documents.set(id, encodeResult({ taskId: id, status: 'SUCCESS', result: id }));
  expect(await store.waitFor([id])).toMatchObject([{ result: id }]);
});

it('an id that nobody waits for is given up, and can be waited for later', async () => {
  await using store = createStore();
  await sendAndWait(store);
  const id = await reserve(store);
  await vi.waitFor(() => expect(idsOf(store, 'unsubscribe')).toContain(id), patience);
  end(store, id);
  expect(await store.waitFor([id])).toMatchObject([{ result: id }]);
});

it('there are none for who waits for few of the tasks it sends', async () => {
  await using store = createStore();
  await sendAndWait(store);
  await reserve(store);
  while (store.reserveId() !== undefined);
  for (let i = 0; i < 100; i++) store.reserveId();
  const before = subscribed(store).length;
  expect(await sendAndWait(store)).toBe(false);
  expect(subscribed(store).length).toBe(before + 1);
});

it('there are none where subscribing costs nothing, nor when the store is closed', async () => {
  const store = new RecordingResults();
  await sendAndWait(store);
  expect(await sendAndWait(store)).toBe(false);
  const other = createStore();
  await sendAndWait(other);
  await reserve(other);
  await Promise.all([store.close(), other.close()]);
  expect(other.reserveId()).toBeUndefined();
});

it('a subscription that fails leaves everything as it was', async () => {
  await using store = createStore();
  await sendAndWait(store);
  await reserve(store);
  while (store.reserveId() !== undefined);
  let failures = 0;
  store.subscribing = async () => {
    failures += 1;
    throw new Error('no');
  };
  await expect(store.waitFor(['a'])).rejects.toThrow('no');
  store.subscribing = async () => {};
  expect(failures).toBeGreaterThan(0);
  expect(await sendAndWait(store)).toBe(false);
});
