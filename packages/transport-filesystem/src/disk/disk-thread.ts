import { parentPort } from 'node:worker_threads';
import type { DiskOperations, DiskReply, DiskRequest, DiskSettings } from './protocol.js';
import { DiskSession } from './session.js';

// The thread that does all file operations of a process, one after the other and without callbacks. One after the
// other is also what a file system does best: operations in one folder wait for each other in the kernel.
const port = parentPort;
if (port === null) throw new Error('disk-thread.js is run by the file-system transport, as a worker thread');
const sessions = new Map<number, DiskSession>();

port.on('message', (request: DiskRequest) => {
  const { session, id } = request;
  try {
    const value = perform(request);
    const reply: DiskReply = { session, id, value };
    const contents = (value as { contents?: ArrayBuffer } | undefined)?.contents;
    port.postMessage(reply, contents === undefined ? [] : [contents]);
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    port.postMessage({ session, id, error: { message, code } } satisfies DiskReply);
  }
});

function perform({ session, operation, arguments: args }: DiskRequest): unknown {
  if (operation === 'open') {
    const [settings] = args as [DiskSettings];
    const opened = new DiskSession(settings, () => port?.postMessage({ session, id: 0 } satisfies DiskReply));
    opened.open();
    sessions.get(session)?.close();
    sessions.set(session, opened);
    return undefined;
  }
  const opened = sessions.get(session);
  if (opened === undefined) throw new Error('the files of this transport are not open');
  if (operation === 'close') sessions.delete(session);
  const method = opened[operation] as (...args: unknown[]) => ReturnType<DiskOperations[typeof operation]>;
  return method.apply(opened, args);
}
