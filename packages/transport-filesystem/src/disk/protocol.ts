/** Where a broker keeps its files. All are absolute paths. */
export interface DiskFolders {
  /** Where messages wait for consumers. */
  in: string;
  /** Where publishers put messages. */
  out: string;
  /** Bindings, and queues that end with their owner. */
  control: string;
  /** Messages that were set aside. */
  rejected: string;
  /** Messages that were acked, if they are kept. */
  processed: string | undefined;
}

/** What the disk thread has to know of a transport. */
export interface DiskSettings {
  folders: DiskFolders;
  /** The name of this transport's own folder among the claims. */
  claimer: string;
  /** Seconds without a heartbeat after which a claimer that cannot be asked counts as dead. */
  leaseSeconds: number;
  /** Flush files and folders to the device before a publish counts as done. */
  fsync: boolean;
  maxSetAside: number;
  /** Files of acked messages kept for new ones. */
  maxSpare: number;
}

/** A queue that ends with those who declared it. */
export interface OwnedQueue {
  queue: string;
  /** Seconds it outlives the last of them. */
  expires: number;
}

/** Messages claimed, their contents one after the other in one buffer. */
export interface TakenFiles {
  names: string[];
  /** Bytes of each; -1 if it could not be read. */
  sizes: number[];
  contents: ArrayBuffer;
}

/** What the disk thread does. Names of queues are encoded for file names here. */
export interface DiskOperations {
  open(settings: DiskSettings): void;
  put(names: string[], contents: string[]): void;
  take(queues: string[], max: number): TakenFiles;
  /** Resolves to the names that this transport did not hold any more. */
  settle(acked: string[], requeued: string[], released: string[]): string[];
  /** Moves a claimed message aside; with `content`, a copy of one that is not claimed. */
  putAside(name: string, reason: string, content: string | undefined): void;
  /** Starts the watch; false if it was on already, so that nothing can have come unheard. */
  arm(): boolean;
  endQueue(queue: string): void;
  size(queue: string): number;
  purge(queue: string): number;
  deleteQueue(queue: string): number;
  ownQueue(owned: OwnedQueue): void;
  declareExchange(exchange: string, type: string): void;
  exchangeType(exchange: string): string | undefined;
  deleteExchange(exchange: string): void;
  bind(exchange: string, queue: string, routingKey: string, pattern: string): void;
  unbind(exchange: string, queue: string, routingKey: string): void;
  /** `[routingKey, queue]` of each. */
  bindings(exchange: string): [string, string][];
  /** Gives back what the dead held; the number of messages. */
  restore(): number;
  close(): void;
}

export type DiskOperation = keyof DiskOperations;

/** A call from the transport. */
export interface DiskRequest {
  session: number;
  id: number;
  operation: DiskOperation;
  arguments: unknown[];
}

/** The answer to a call, or (with id 0) the news that there may be messages. */
export interface DiskReply {
  session: number;
  id: number;
  value?: unknown;
  error?: { message: string; code: string | undefined };
}
