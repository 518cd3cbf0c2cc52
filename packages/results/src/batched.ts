interface Asked<V> {
  readonly promise: Promise<V>;
  readonly resolve: (value: V) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes one call out of all that are made in one turn of the event loop. Keys that are asked for twice in a turn
 * are asked for once. `run` answers in the order of its keys.
 */
export function batched<V>(run: (keys: string[]) => Promise<V[]>): (key: string) => Promise<V> {
  let asked = new Map<string, Asked<V>>();

  async function flush(): Promise<void> {
    const batch = asked;
    asked = new Map();
    try {
      const values = await run([...batch.keys()]);
      let i = 0;
      for (const { resolve } of batch.values()) resolve(values[i++] as V);
    } catch (error) {
      for (const { reject } of batch.values()) reject(error);
    }
  }

  return (key) => {
    const earlier = asked.get(key);
    if (earlier) return earlier.promise;
    if (asked.size === 0) setImmediate(() => void flush());
    let resolve!: Asked<V>['resolve'];
    let reject!: Asked<V>['reject'];
    const promise = new Promise<V>((res, rej) => {
      resolve = res;
      reject = rej;
    });
    asked.set(key, { promise, resolve, reject });
    return promise;
  };
}
