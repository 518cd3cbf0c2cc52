/** How a child speaks to its pool. */
export interface Outlet {
  /**
   * Takes a message, to be sent by the next `flush` at the latest. The values are the task's, which may change them
   * afterwards: take what is needed of them now.
   *
   * @throws NotTransferableError when it cannot be carried; then nothing of it is sent
   */
  write(kind: number, id: number, a: unknown, b: unknown): void;
  /** Sends what was written. */
  flush(): void;
}
