/** What was asked for cannot be scaffolded; the message says what to do. */
export class ScaffoldError extends Error {
  override readonly name: string = 'ScaffoldError';
  readonly code: string = 'ERR_POOL_SCAFFOLD';
}
