/** A server that is not on this machine and could not be installed. */
export class ServerMissingError extends Error {
  override readonly name: string = 'ServerMissingError';
  readonly code: string = 'ERR_SERVER_MISSING';
}

/** A server that is on this machine but did not start; the message ends with what it printed last. */
export class ServerStartError extends Error {
  override readonly name: string = 'ServerStartError';
  readonly code: string = 'ERR_SERVER_START';
}
