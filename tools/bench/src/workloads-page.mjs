import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { barChart } from './bar-chart.mjs';
import { work } from './workloads.mjs';

/** @import { Measured } from './workloads.mjs' */

const BEGIN = '<!-- measured: npm run bench -- workloads -->';
const END = '<!-- end of what was measured -->';

/**
 * The table of what was measured.
 *
 * @param {Map<string, Map<string, Measured>>} results
 * @returns {string}
 */
export function workloadsTable(results) {
  const workloads = [...results.keys()];
  const ways = [...new Set(workloads.flatMap((workload) => [...(results.get(workload)?.keys() ?? [])]))];
  const rows = ways.map((way) => {
    const cells = workloads.map((workload) => {
      const measured = results.get(workload)?.get(way);
      return measured === undefined ? '–' : `${measured.seconds.toFixed(2)} s`;
    });
    const waiting = results.get('mixed')?.get(way)?.waiting;
    return `| ${way} | ${cells.join(' | ')} | ${waiting === undefined ? '–' : `${Math.round(waiting)} ms`} |`;
  });
  return [
    `| pool | ${workloads.join(' | ')} | a task that waits, in mixed |`,
    `| --- | ${workloads.map(() => '---:').join(' | ')} | ---: |`,
    ...rows,
  ].join('\n');
}

/**
 * Puts table and charts into the guide.
 *
 * @param {Map<string, Map<string, Measured>>} results
 * @param {number} rounds
 * @param {URL} docs the folder of the guide
 */
export function writeWorkloads(results, rounds, docs) {
  const page = new URL('choosing-a-pool.md', docs);
  const assets = new URL('assets/', docs);
  mkdirSync(assets, { recursive: true });
  const pictures = [];
  for (const [workload, byWay] of results) {
    const name = `${workload.toLowerCase().replace('/', '')}.svg`;
    const title = `${workload}: ${work.count} tasks, seconds until all are done`;
    const bars = [...byWay].map(([label, { seconds }]) => ({ label, value: seconds }));
    writeFileSync(new URL(name, assets), barChart(title, 's', bars));
    pictures.push(`![${title}](assets/${name})`);
  }
  const machine = `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'CPU'}, Node ${process.version}`;
  const measured = `${BEGIN}
${workloadsTable(results)}

${pictures.join('\n\n')}

${work.count} tasks handed in at once; one that computes takes ${work.compute} ms of CPU, one that waits ${work.wait} ms of time, mixed is every
other. Seconds until all are done, medians of ${rounds}; last column: how long after being handed in the median task that waits was
done. ${machine}.
${END}`;
  const text = readFileSync(page, 'utf8');
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END);
  if (from === -1 || to === -1) throw new Error(`${page.pathname} has no place for what was measured`);
  writeFileSync(page, text.slice(0, from) + measured + text.slice(to + END.length));
}
