import type { Socket } from 'node:net';

/** What Node keeps under a socket. It is not documented, so nothing depends on its being there. */
export interface PipeHandle {
  readonly fd?: number;
  useUserBuffer?(buffer: Uint8Array): void;
  setBlocking?(blocking: boolean): void;
}

export function handleOf(socket: Socket): PipeHandle | undefined {
  return (socket as unknown as { _handle?: PipeHandle | null })._handle ?? undefined;
}

/** Takes the handle from its socket, which can do nothing any more then. */
export function takeHandle(socket: Socket): void {
  (socket as unknown as { _handle: PipeHandle | null })._handle = null;
}
