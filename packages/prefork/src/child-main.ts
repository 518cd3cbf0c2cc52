import { writeSync } from 'node:fs';
// All of it from one module: what a child loads when it starts is what starting costs.
import { ChildRunner, guardProcess, type Serialization } from '@pool/core/child';
import { ChildChannel } from './child-channel.js';

/** Where this process notes which job it begins, and its place there. */
const BLACK_BOX = 5;
const [, , serialization, offset] = process.argv;

const channel = new ChildChannel(serialization as Serialization);
const record = Buffer.alloc(4);
const place = Number(offset);

const runner = new ChildRunner(channel, {
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
channel.listen(runner);
