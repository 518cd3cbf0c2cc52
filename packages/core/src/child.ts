/** How a child ended. */
export interface ChildExit {
  /** Its exit code, or null when a signal ended it or there is no such thing. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Whether the system is known to have ended it for want of memory. */
  readonly outOfMemory?: boolean;
  /** The last it wrote to stderr, for error messages. */
  readonly stderrTail?: string;
  /** Why it never came up, if it did not. */
  readonly error?: unknown;
}

/** What a child tells its pool. Handed to `spawnChild`; call it whenever something happens. */
export interface ChildListener {
  /** A batch of messages arrived; see `child-messages`. */
  onMessages(batch: readonly unknown[]): void;
  /** `congested` went back to false. */
  onDrain(): void;
  /** The child has ended and everything it said has been passed on. The last call. */
  onExit(exit: ChildExit): void;
}

/**
 * The ids of the quick jobs that a child was sent and has not begun, cut to 32 bits and in order, in a place that pool and
 * child both reach whatever the other one is at: shared memory, a file. The child claims the first (`ChildHost.claim`)
 * before it begins a job; the pool takes back what is left. No id is ever given to both.
 */
export interface Claims {
  /** Whether there is no place for another, so that the next job is sent as one that is not claimed. */
  readonly full?: boolean;
  /** Adds a job that is about to be written to the child; it need not lie there before the child's `flush`. */
  offer(id: number): void;
  /** Takes out the job that was offered last, since it could not be written; false if it lies there for the child already. */
  withdraw(): boolean;
  /** Takes out all that lie there. The child may be stuck, or gone. */
  takeBack(): number[];
  /** Whether all had better be taken back soon, to tidy the place; what is taken back is offered anew. */
  readonly untidy?: boolean;
}

/** Something that runs jobs for a pool and can be lost: a process, a thread, a container, a machine. */
export interface Child {
  /** The process or thread id, or whatever names it; 0 while unknown. */
  readonly pid: number;
  /**
   * Takes a message, to be sent by the next `flush` at the latest.
   *
   * @throws NotTransferableError when it cannot be carried; then nothing of it is sent
   */
  write(kind: number, id: number, a: unknown, b: unknown): void;
  /**
   * Sends what was written.
   *
   * @param brief the child is done with it at once (it is one job, all that the child has, or what makes the child ready): it may
   * wait for what comes next without doing anything else meanwhile, if it can be told to go on
   */
  flush(brief?: boolean): void;
  /** How many bytes or characters it has taken so far, about; for children whose large messages had better not wait in line. */
  readonly written?: number;
  /** Whether more is waiting to be sent than should; the pool then holds jobs back until `onDrain`. */
  readonly congested: boolean;
  /**
   * Where quick jobs lie until it begins them, if pool and child have such a place. Without it, a child announces them in
   * groups of up to 64, which it takes along when it is stuck or lost, and `fair` never sends it any in advance.
   */
  readonly claims?: Claims | undefined;
  /** Ends the child and what it started. `SIGKILL` must do so for certain, whatever the child's code does. */
  kill(signal: NodeJS.Signals): void;
}

/** Which child to spawn. What it is to do follows as its first message. */
export interface ChildSpec {
  /** The index of its slot, from 1; 0 for a spare. Changes when a spare gets a slot. */
  readonly index: number;
  /** What to call it in logs, its index included. */
  readonly label: string;
}
