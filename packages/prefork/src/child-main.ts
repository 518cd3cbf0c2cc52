import { writeSync } from 'node:fs';
// All of it from one module: what a child loads when it starts is what starting costs.
import { ChildRunner, FrameReader, FrameWriter, guardProcess, type Serialization } from '@pool/core/child';
import { readDescriptor } from './inlet.js';

/** The channel, beside stdin, stdout and stderr: what the pool says, and what this process says. */
const FROM_POOL = 3;
const TO_POOL = 4;
/** Where this process notes which job it begins, and its place there. */
const BLACK_BOX = 5;
const offset = process.argv[3];

const writer = new FrameWriter(process.argv[2] as Serialization);
const outlet = {
  write(kind: number, id: number, a: unknown, b: unknown): void {
    writer.write(kind, id, a, b);
    if (writer.full) outlet.flush();
  },
  flush(): void {
    if (writer.empty) return;
    for (const piece of writer.take()) writeFully(piece);
  },
};

function writeFully(piece: Buffer): void {
  let at = 0;
  try {
    while (at < piece.length) at += writeSync(TO_POOL, piece, at);
  } catch (error) {
    // The pool is gone; the other half of the channel says so too.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

const record = Buffer.alloc(4);
const place = Number(offset);

const runner = new ChildRunner(outlet, {
  pid: process.pid,
  ...(offset === undefined || offset === ''
    ? {}
    : {
        began: (id: number) => {
          record.writeInt32LE(id | 0);
          writeSync(BLACK_BOX, record, 0, 4, place);
        },
      }),
  exit: (code) => process.exit(code),
  named: (title) => {
    process.title = title;
  },
});
guardProcess(runner);

const reader = new FrameReader((batch) => runner.receive(batch));
const socket = readDescriptor(FROM_POOL, (buffer, length) => reader.push(buffer, length));
socket.on('error', () => runner.disconnect());
socket.on('close', () => runner.disconnect());
