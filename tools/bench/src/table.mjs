/**
 * @typedef {object} Column
 * @property {string} key
 * @property {string} title
 * @property {(value: number) => string} format
 * @property {1 | -1} better 1 when more is better
 */

/** @param {number} value */
export const rate = (value) =>
  value >= 1e6
    ? `${(value / 1e6).toFixed(2)}M`
    : value >= 1e4
      ? `${(value / 1e3).toFixed(0)}k`
      : `${(value / 1e3).toFixed(1)}k`;

/** @type {Column[]} */
export const columns = [
  { key: 'noop', title: 'no-op/s', format: rate, better: 1 },
  { key: 'echo1k', title: '1 KiB echo/s', format: rate, better: 1 },
  { key: 'echo100k', title: '100 KiB echo/s', format: rate, better: 1 },
  { key: 'sleep', title: '10 ms sleeps/s', format: rate, better: 1 },
  { key: 'p50', title: 'round trip p50 µs', format: (v) => v.toFixed(1), better: -1 },
  { key: 'p99', title: 'p99 µs', format: (v) => v.toFixed(0), better: -1 },
  { key: 'alone', title: 'the call itself ns', format: (v) => v.toFixed(0), better: -1 },
  { key: 'added', title: 'the pool adds ns', format: (v) => v.toFixed(0), better: -1 },
  { key: 'cpu', title: '1 ms CPU, share of ideal', format: (v) => v.toFixed(2), better: 1 },
  { key: 'line', title: 'short tasks past a long one, ms', format: (v) => v.toFixed(0), better: -1 },
  { key: 'start', title: 'start to first result ms', format: (v) => v.toFixed(1), better: -1 },
  { key: 'memory', title: 'memory MB', format: (v) => v.toFixed(0), better: -1 },
  { key: 'child', title: 'a child MB', format: (v) => v.toFixed(0), better: -1 },
];

/** @param {number[]} values */
export function median(values) {
  // A round that failed leaves a hole.
  const sorted = values.filter((value) => typeof value === 'number').sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/**
 * Medians as a table, and each of ours as a ratio to the best of the others: the median of the ratios of each round.
 *
 * @param {Map<string, Record<string, number[]>>} samples
 * @param {(name: string) => boolean} isOurs
 */
export function table(samples, isOurs) {
  const used = columns.filter(({ key }) => [...samples.values()].some((sample) => sample[key]?.length));
  /** @type {string[][]} */
  const rows = [['', ...used.map(({ title }) => title)]];
  const others = [...samples].filter(([name]) => !isOurs(name)).map(([, sample]) => sample);
  for (const [name, sample] of samples) {
    const cells = used.map(({ key, format, better }) => {
      const values = sample[key] ?? [];
      const value = median(values);
      if (value === undefined) return '–';
      const best = bestOf(others, key, better);
      if (!isOurs(name)) return sample === best ? `**${format(value)}**` : format(value);
      const ratio = best && ratioOf(values, best[key] ?? [], better);
      if (ratio === undefined) return format(value);
      return `${format(value)} (×${ratio.toFixed(ratio < 10 ? 2 : 1)})`;
    });
    rows.push([name, ...cells]);
  }
  return markdown(rows);
}

/**
 * @param {Record<string, number[]>[]} samples
 * @param {string} key
 * @param {1 | -1} better
 */
function bestOf(samples, key, better) {
  /** @type {Record<string, number[]> | undefined} */
  let best;
  for (const sample of samples) {
    const value = median(sample[key] ?? []);
    if (value === undefined) continue;
    const before = best && median(best[key] ?? []);
    if (before === undefined || (value - before) * better > 0) best = sample;
  }
  return best;
}

/**
 * How many times better; rounds that one of the two did not end are left out.
 *
 * @param {number[]} ours
 * @param {number[]} theirs
 * @param {1 | -1} better
 */
function ratioOf(ours, theirs, better) {
  const ratios = [];
  for (const [i, own] of ours.entries()) {
    const other = theirs[i];
    if (typeof own === 'number' && typeof other === 'number')
      ratios.push(better === 1 ? own / other : other / own);
  }
  return median(ratios);
}

/** @param {string[][]} rows */
export function markdown(rows) {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(3, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (/** @type {string[]} */ row) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`;
  const [head = [], ...body] = rows;
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...body.map(line)].join('\n');
}
