import { Session } from 'node:inspector';
import { parentPort, workerData } from 'node:worker_threads';
import type { StackWatchData } from './stack-watch.js';

const { beat, threshold } = workerData as StackWatchData;

/** How many functions of the stack are told. */
const MAX_FRAMES = 30;

let last = 0;
let since = performance.now();
let told = false;

setInterval(() => {
  const now = performance.now();
  const current = Atomics.load(beat, 0);
  if (current !== last || current === 0) {
    last = current;
    since = now;
    told = false;
  } else if (now - since > threshold * 1000 && !told) {
    told = true;
    tellStack();
  }
}, threshold * 500);

/** Stops the main thread for a moment, wherever it is, and tells where that was. */
function tellStack(): void {
  const session = new Session();
  const urls = new Map<string, string>();
  session.connectToMainThread();
  session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url));
  session.on('Debugger.paused', ({ params }) => {
    const frames = params.callFrames.slice(0, MAX_FRAMES).map(({ functionName, url, location }) => {
      const { scriptId, lineNumber, columnNumber = 0 } = location;
      const place = `${url || urls.get(scriptId)}:${lineNumber + 1}:${columnNumber + 1}`;
      return `    at ${functionName || '<anonymous>'} (${place})`;
    });
    session.post('Debugger.resume');
    session.post('Debugger.disable', () => session.disconnect());
    parentPort?.postMessage(frames.join('\n'));
  });
  session.post('Debugger.enable');
  session.post('Debugger.pause');
}
