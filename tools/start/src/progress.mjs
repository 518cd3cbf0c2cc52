import progress from 'cli-progress';

/**
 * @typedef {object} Progress
 * @property {() => void} tick One more is done.
 * @property {() => void} stop
 */

/**
 * Shows how far a job is: a bar on a terminal, a line at each tenth elsewhere.
 * @param {string} name
 * @param {number} count
 * @param {NodeJS.WriteStream} [stream]
 * @returns {Progress}
 */
export function showProgress(name, count, stream = process.stderr) {
  return stream.isTTY ? showBar(name, count, stream) : showLines(name, count, stream);
}

/** @param {string} name @param {number} count @param {NodeJS.WriteStream} stream @returns {Progress} */
function showBar(name, count, stream) {
  const format = `${name} {bar} {percentage} % | {value}/{total} files | {duration_formatted}`;
  const bar = new progress.SingleBar({ format, stream, hideCursor: true }, progress.Presets.shades_classic);
  bar.start(count, 0);
  return { tick: () => bar.increment(), stop: () => bar.stop() };
}

/** @param {string} name @param {number} count @param {NodeJS.WriteStream} stream @returns {Progress} */
function showLines(name, count, stream) {
  let done = 0;
  const tick = () => {
    done += 1;
    const isTenth = Math.floor((done * 10) / count) > Math.floor(((done - 1) * 10) / count);
    if (isTenth) stream.write(`${name}: ${done} of ${count} files\n`);
  };
  return { tick, stop: () => {} };
}
