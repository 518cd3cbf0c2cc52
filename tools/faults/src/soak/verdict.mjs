/**
 * @typedef {{ minute: number, value: number }} Point
 *
 * @typedef {object} Trend How a curve went, its beginning left out.
 * @property {number} from the median of the first quarter of what is looked at
 * @property {number} to that of the last quarter
 * @property {number} perHour the slope
 * @property {boolean} flat
 */

/** Caches fill, code is compiled: so much of a run says nothing. */
const WARM_UP = 0.2;

/** A growth that is less than this share of the level, or than `slack`, is noise. */
const NOISE = 0.05;

/**
 * Whether a curve is flat: the slope is the median of the slopes between all pairs of points (Theil–Sen), so that a
 * spike, such as a child that was just replaced, does not decide.
 *
 * @param {readonly Point[]} points
 * @param {number} slack in the unit of the values
 * @returns {Trend}
 */
export function trendOf(points, slack) {
  const settled = points.slice(Math.floor(points.length * WARM_UP));
  const values = settled.map(({ value }) => value);
  const quarter = Math.max(1, Math.floor(values.length / 4));
  const slope = median(slopes(settled));
  const first = settled[0]?.minute ?? 0;
  const minutes = (settled.at(-1)?.minute ?? 0) - first;
  const growth = slope * minutes;
  return {
    from: median(values.slice(0, quarter)),
    to: median(values.slice(-quarter)),
    perHour: slope * 60,
    flat: growth <= Math.max(slack, NOISE * median(values)),
  };
}

/** @param {readonly Point[]} points */
function slopes(points) {
  /** @type {number[]} */
  const all = [];
  for (const [i, a] of points.entries())
    for (const b of points.slice(i + 1)) all.push((b.value - a.value) / (b.minute - a.minute));
  return all;
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] ?? 0;
  return ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
