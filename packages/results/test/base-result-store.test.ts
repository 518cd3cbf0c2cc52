import { encodeResult } from '@pool/message';
import { NotSupportedError } from '@pool/results';
import { describe, expect, it, vi } from 'vitest';
import { RecordingResults } from './support/recording-results.js';

function success(taskId: string) {
  return { taskId, status: 'SUCCESS', result: taskId };
}

describe('what is waited for', () => {
  it('is looked for at once, and again when it is subscribed to', async () => {
    await using store = new RecordingResults();
    const found = store.waitFor(['a']);
    await vi.waitFor(() => expect(store.calls).toHaveLength(4), { timeout: 60_000 });
    expect(store.calls).toEqual(['connect', 'get a', 'subscribe a', 'get a']);
    await store.storeResult(success('a'));
    store.tell('a');
    expect(await found).toMatchObject([{ result: 'a' }]);
  });

  it('is looked for only when it is subscribed to, where it was sent just now', async () => {
    await using store = new RecordingResults();
    // It comes between the sending and the subscription, and nobody tells.
    store.subscribing = () => store.storeResult(success('a'));
    const [found] = await store.waitFor(['a'], { fresh: true });
    expect(found).toMatchObject({ result: 'a' });
    expect(store.calls.slice(0, 3)).toEqual(['connect', 'subscribe a', 'get a']);
  });

  it('is looked for at once where anybody else waits for it', async () => {
    await using store = new RecordingResults();
    await store.storeResult(success('a'));
    let subscribed = (): void => {};
    store.subscribing = () =>
      new Promise((resolve) => {
        subscribed = resolve;
      });
    const both = [store.waitFor(['a'], { fresh: true }), store.waitFor(['a'])];
    expect(await Promise.all(both)).toMatchObject([[{ result: 'a' }], [{ result: 'a' }]]);
    subscribed();
  });
});

describe('what is stored', () => {
  it('in one turn of the event loop is one write', async () => {
    await using store = new RecordingResults();
    await Promise.all(['a', 'b', 'c'].map((id) => store.storeResult(success(id))));
    expect(store.batches).toEqual([['a SUCCESS', 'b SUCCESS', 'c SUCCESS']]);
  });

  it('while a write is under way is the next write', async () => {
    await using store = new RecordingResults();
    let finish = (): void => {};
    store.writing = new Promise((resolve) => {
      finish = resolve;
    });
    const first = store.storeResult(success('a'));
    await vi.waitFor(() => expect(store.batches).toHaveLength(1), { timeout: 60_000 });
    const rest = ['b', 'c'].map((id) => store.storeResult(success(id)));
    finish();
    await Promise.all([first, ...rest]);
    expect(store.batches).toEqual([['a SUCCESS'], ['b SUCCESS', 'c SUCCESS']]);
  });

  it('is split into batches of the most that a store takes', async () => {
    await using store = new RecordingResults({ maxBatch: 2 });
    await Promise.all(['a', 'b', 'c'].map((id) => store.storeResult(success(id))));
    expect(store.batches.map((batch) => batch.length)).toEqual([2, 1]);
  });

  it('for one task is written once, the last state of all, and no success is given up', async () => {
    await using store = new RecordingResults();
    const states = ['STARTED', 'SUCCESS', 'FAILURE'];
    await Promise.all(states.map((status) => store.storeResult({ taskId: 'a', status })));
    expect(store.batches).toEqual([['a SUCCESS']]);
  });

  it('fails alone when only it was not written, and together when nothing was', async () => {
    await using store = new RecordingResults();
    const [bad, good] = await Promise.allSettled(['bad', 'good'].map((id) => store.storeResult(success(id))));
    expect([bad?.status, good?.status]).toEqual(['rejected', 'fulfilled']);
    store.failing = new Error('away');
    const both = await Promise.allSettled(['c', 'd'].map((id) => store.storeResult(success(id))));
    expect(both.map((one) => one.status)).toEqual(['rejected', 'rejected']);
    store.failing = undefined;
    await store.storeResult(success('c'));
    expect(store.documents.has('c')).toBe(true);
  });

  it('is written before the store closes, even if it was not yet connected', async () => {
    const store = new RecordingResults();
    const stored = store.storeResult(success('a'));
    await store.close();
    await stored;
    expect(store.calls).toEqual(['connect', 'close']);
    expect(store.documents.has('a')).toBe(true);
  });
});

describe('a store', () => {
  it('that could not connect tries again when it is needed again', async () => {
    await using store = new RecordingResults();
    store.connecting = () => Promise.reject(new Error('away'));
    await expect(store.get('a')).rejects.toThrow('away');
    store.connecting = async () => {};
    expect(await store.get('a')).toBeUndefined();
    expect(store.calls.filter((call) => call === 'connect')).toHaveLength(2);
  });

  it('that was never used has nothing to close', async () => {
    const store = new RecordingResults();
    await store.close();
    expect(store.calls).toEqual([]);
  });

  it('is asked once for all that is read in one turn', async () => {
    await using store = new RecordingResults();
    await store.connect();
    await Promise.all([store.get('a'), store.get('b'), store.get('a'), store.getMany(['c', 'b'])]);
    expect(store.calls).toEqual(['connect', 'get a b c']);
  });

  it('refuses what it declares it cannot do', async () => {
    await using store = new RecordingResults();
    await expect(store.forget('a')).rejects.toBeInstanceOf(NotSupportedError);
    await expect(store.getGroup('a')).rejects.toMatchObject({ capability: 'groups' });
    await expect(store.addChordPart('g', {} as never)).rejects.toMatchObject({ capability: 'chords' });
  });

  it.each([
    [{ expires: -1 }, 'expires must be a number of seconds'],
    [{ pollInterval: 'often' }, 'pollInterval must be a number of seconds'],
    [{ maxBatch: 0 }, 'maxBatch must be a whole number'],
    [{ serializer: 'nosuch' }, 'No serializer named "nosuch"'],
  ])('refuses the options %j', (options, message) => {
    expect(() => new RecordingResults(options as never)).toThrow(message);
  });
});

describe('following', () => {
  it('does not look for what was sent just now and is told of at once', async () => {
    await using store = new RecordingResults();
    store.documents.set('a', encodeResult(success('a')));
    // Right after it has subscribed, when all that follows from that has run.
    store.subscribing = async () => process.nextTick(() => store.tell('a'));
    expect((await store.waitFor(['a'], { fresh: true }))[0]?.result).toBe('a');
    await vi.waitFor(() => expect(store.calls).toContain('unsubscribe a'), { timeout: 60_000 });
    expect(store.calls).toEqual(['connect', 'subscribe a', 'unsubscribe a']);
  });

  it('subscribes to what is followed next before it unsubscribes from what is not any more', async () => {
    await using store = new RecordingResults();
    await store.connect();
    const stop = store.watch('a', () => {});
    await vi.waitFor(() => expect(store.calls).toContain('subscribe a'));
    stop();
    store.watch('b', () => {})();
    store.watch('c', () => {});
    await vi.waitFor(() => expect(store.calls).toContain('unsubscribe a'), { timeout: 60_000 });
    const changes = store.calls.filter((call) => call.includes('subscribe'));
    expect(changes).toEqual(['subscribe a', 'subscribe c', 'unsubscribe a']);
  });

  it('looks while it subscribes and again when it has, once a task, and unsubscribes when nobody follows any more', async () => {
    await using store = new RecordingResults();
    const waits = [store.waitFor(['a', 'b']), store.waitFor(['b'])];
    await vi.waitFor(() => expect(store.calls).toHaveLength(4), { timeout: 60_000 });
    expect(store.calls).toEqual(['connect', 'get a b', 'subscribe a b', 'get a b']);
    for (const id of ['a', 'b']) {
      store.documents.set(id, encodeResult(success(id)));
      store.tell(id);
    }
    await Promise.all(waits);
    await vi.waitFor(() => expect(store.calls.at(-1)).toBe('unsubscribe a b'), { timeout: 60_000 });
  });

  it('looks by itself for what it was not told of', async () => {
    await using store = new RecordingResults({ pollInterval: 0.02 });
    const waiting = store.waitFor(['a']);
    await vi.waitFor(() => expect(store.calls).toContain('get a'), { timeout: 60_000 });
    store.documents.set('a', encodeResult(success('a')));
    expect((await waiting)[0]?.result).toBe('a');
  });

  it('ends with what made it impossible', async () => {
    await using store = new RecordingResults();
    store.connecting = () => Promise.reject(new Error('away'));
    await expect(store.waitFor(['a'])).rejects.toThrow('away');
  });

  it('does not begin when its time is no number', async () => {
    await using store = new RecordingResults();
    await expect(store.waitFor(['a'], { timeout: -1 })).rejects.toThrow(
      'timeout must be a number of seconds',
    );
  });
});
