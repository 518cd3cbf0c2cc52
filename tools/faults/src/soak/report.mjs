import { availableParallelism, cpus } from 'node:os';
import { lineChart } from './line-chart.mjs';
import { trendOf } from './verdict.mjs';

/**
 * @import { SoakResult } from './soak.mjs'
 * @import { Trend } from './verdict.mjs'
 *
 * @typedef {{ name: string, unit: string, trend: Trend }} Row
 */

/** Growth of less than this, in the curve's unit, is noise whatever the level. */
const slacks = { MB: 2, '': 3 };

/** @param {string} name */
const isMemory = (name) => /memory|heap/.test(name);

/**
 * The trend of every curve.
 * @param {SoakResult} result
 * @returns {Row[]}
 */
export function trends({ curves }) {
  return Object.entries(curves).map(([name, points]) => {
    const unit = isMemory(name) ? 'MB' : '';
    return { name, unit, trend: trendOf(points, slacks[unit]) };
  });
}

/** @param {SoakResult} result */
export function soakChart(result) {
  const { minutes, options } = result;
  /** @param {RegExp} pattern */
  const curves = (pattern) =>
    Object.entries(result.curves)
      .filter(([name]) => pattern.test(name))
      .map(([label, points]) => ({ label, points }));
  return lineChart(
    `${Math.round(minutes)} minutes of load: ${options.pool} on ${options.broker}, ${result.sent.toLocaleString('en')} tasks`,
    [
      { title: 'Memory, MB', curves: curves(/memory|heap/) },
      { title: 'Open descriptors', curves: curves(/descriptors/) },
      { title: 'Handles and listeners', curves: curves(/handles|listeners/) },
    ],
  );
}

/** @param {SoakResult} result */
export function soakTable(result) {
  const rows = trends(result).map(({ name, unit, trend }) => {
    const digits = unit === '' ? 0 : 1;
    /** @param {number} value */
    const show = (value) => `${value.toFixed(digits)} ${unit}`.trim();
    const slope = `${trend.perHour > 0 ? '+' : ''}${trend.perHour.toFixed(1)} ${unit}`.trim();
    return `| ${name} | ${show(trend.from)} | ${show(trend.to)} | ${slope} | ${trend.flat ? 'flat' : 'GROWS'} |`;
  });
  return ['| | begin | end | an hour | verdict |', '| --- | ---: | ---: | ---: | --- |', ...rows].join('\n');
}

/** @param {SoakResult} result */
export function verdict(result) {
  const growing = trends(result).filter(({ trend }) => !trend.flat);
  if (growing.length === 0) return 'All curves are flat.';
  return `These grow: ${growing.map(({ name }) => name).join(', ')}.`;
}

/**
 * The page for people.
 * @param {SoakResult} result
 * @param {string} chart its path from the page
 */
export function soakPage(result, chart) {
  const { options, minutes, counters, sent, cuts } = result;
  const counted = Object.entries(counters).map(([name, count]) => `${name} ${count.toLocaleString('en')}`);
  const isUndisturbed = options.rare === 0 && options.recycle === 0;
  return `# Soak${isUndisturbed ? ' with children that live to the end' : ''}

What a worker holds after a long time under load. This page is written by \`npm run soak -- MINUTES --docs${isUndisturbed ? ' --rare 0 --recycle 0 --name soak-undisturbed' : ''}\`.

![Memory, descriptors, handles and listeners over time](${chart})

**${verdict(result)}** ${minutes.toFixed(1)} minutes, ${sent.toLocaleString('en')} tasks sent, pool ${options.pool}
with ${options.concurrency} slots on ${options.broker}; the worker's connection was cut ${cuts} times. On
${availableParallelism()} cores of ${cpus()[0]?.model.trim() ?? 'an unknown CPU'}, shared with other work, Node ${process.version}.

${soakTable(result)}

At the end the worker had counted: ${counted.join(', ')}.

## How it is measured

- One \`pool worker\` and one producer. Of a thousand tasks about 750 are quick, 150 wait up to 20 ms, and the rest fail,
  retry twice, report progress, carry 50 kB, print, have a countdown, or are in a group${rareTasks(options)}.
  Acks are late. Results are stored, and expire after a minute.
- Children are ${options.recycle > 0 ? `replaced after ${options.recycle} tasks` : 'never replaced, so that what one of them keeps would add up'}. Every ${options.cutEvery} seconds all connections of the worker are cut.
- Memory is what \`/proc\` calls Pss_Anon: without what processes share by mapping the same files. The heap is read
  after a full garbage collection, with what is outside of it (buffers). Children are added up. Handles are what keeps an
  event loop going; listeners are those of the process and of all handles.
- The first fifth of a run is warming up and is left out. Begin and end are medians of the first and the last quarter of the
  rest, the slope is Theil–Sen's. A curve is flat when it grows by less than 5 %, 2 MB, or 3 of what is counted.
`;
}

/** @param {SoakResult['options']} options */
function rareTasks({ rare }) {
  if (rare === 0) return '; none hangs or kills its process';
  return `; one in ${rare.toLocaleString('en')} hangs until its\n  time limit, and on prefork one kills its process`;
}
