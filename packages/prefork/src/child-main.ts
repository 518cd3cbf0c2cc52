import { readSync } from 'node:fs';
// All of it from one module: what a child loads when it starts is what starting costs.
import { ChildRunner, guardProcess, type Serialization } from '@pool/core/child';
import { ChildChannel } from './child-channel.js';
import { writeThrough } from './write-through.js';

/** The file it claims jobs from, whose read position it shares with the pool; see `ClaimFile`. */
const CLAIMS = 5;
const [, , serialization, claims, piped] = process.argv;
if (piped === 'piped') {
  writeThrough('stdout');
  writeThrough('stderr');
}

const channel = new ChildChannel(serialization as Serialization);
const id = new Int32Array(1);
const bytes = new Uint8Array(id.buffer);

const runner = new ChildRunner(channel, {
  pid: process.pid,
  ...(claims === ''
    ? {}
    : { claim: () => (readSync(CLAIMS, bytes, 0, bytes.length, null) === bytes.length ? id[0] : undefined) }),
  exit: (code) => process.exit(code),
  named: (title) => {
    process.title = title;
  },
});
guardProcess(runner);
channel.listen(runner);
