import { getHeapStatistics } from 'node:v8';
import { type MessagePort, parentPort, type Transferable, threadId } from 'node:worker_threads';
import { ChildRunner, guardProcess } from '@pool/core/child';
import { ClaimRing } from './claim-ring.js';
import { MessageWriter } from './message-writer.js';
import { move } from './move.js';
import { SharedSlate } from './shared-slate.js';
import { SlateInbox } from './slate-inbox.js';

/** What a thread is given when it starts. */
export interface ThreadData {
  readonly port: MessagePort;
  readonly slate: SharedArrayBuffer;
  readonly claims: SharedArrayBuffer;
}

/** Runs jobs in this thread until it is to leave. */
export default function threadMain({ port, slate: memory, claims }: ThreadData): Promise<never> {
  const slate = new SharedSlate(memory);
  const ring = new ClaimRing(claims);
  const runner = new ChildRunner(new MessageWriter(port), {
    pid: threadId,
    exit: (code) => process.exit(code),
    memory: threadMemory,
    claim: () => ring.claim(),
  });
  guardProcess(runner);
  // What a task says to the parent of its thread is for whoever handed in the job; tinypool would take it for its own.
  if (parentPort !== null) {
    parentPort.postMessage = (value: unknown, transferList?: readonly Transferable[]): void => {
      const moves = Array.isArray(transferList) && typeof value === 'object' && value !== null;
      runner.current?.postMessage(moves ? move(value, transferList) : value);
    };
  }
  port.on('messageerror', (error) => {
    runner.fatal(error, 'receiving');
    process.exit(1);
  });
  new SlateInbox(port, slate, runner);
  return new Promise(() => {});
}

/** What this thread alone takes, in KiB: its heap, and the memory of buffers outside of it. */
function threadMemory(): number {
  const { total_heap_size: heap, external_memory: external } = getHeapStatistics();
  return (heap + external) / 1024;
}
