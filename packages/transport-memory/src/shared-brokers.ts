import { MemoryBroker } from './memory-broker.js';

const key: unique symbol = Symbol.for('@pool/transport-memory/brokers') as never;

/** The brokers of this process by name; one table for all installed copies of this package. */
function table(): Map<string, MemoryBroker> {
  const holder = globalThis as { [key]?: Map<string, MemoryBroker> };
  holder[key] ??= new Map();
  return holder[key];
}

/** The broker of this name, made if it is not there. */
export function sharedBroker(name: string): MemoryBroker {
  const brokers = table();
  let broker = brokers.get(name);
  if (broker === undefined) {
    broker = new MemoryBroker();
    brokers.set(name, broker);
  }
  return broker;
}

/** Forgets the broker of this name if nobody uses it and nothing waits in it. */
export function releaseBroker(name: string): void {
  const brokers = table();
  if (brokers.get(name)?.unused === true) brokers.delete(name);
}
