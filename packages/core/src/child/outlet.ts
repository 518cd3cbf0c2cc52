/** How a child speaks to its pool. */
export interface Outlet {
  /**
   * Takes a message, to be sent by the next `flush` at the latest. The values are the task's, which may change them
   * afterwards: take what is needed of them now.
   *
   * @throws NotTransferableError when it cannot be carried; then nothing of it is sent
   */
  write(kind: number, id: number, a: unknown, b: unknown): void;
  /**
   * Whether what was written should be sent before more is. Leave it to the child to do so: a soft limit may interrupt what
   * is written, but must not interrupt what is sent.
   */
  readonly full?: boolean;
  /** Sends what was written. */
  flush(): void;
}
