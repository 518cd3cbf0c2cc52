/** @import { Point } from './verdict.mjs' */

/**
 * @typedef {object} Panel Curves that share an axis.
 * @property {string} title
 * @property {{ label: string, points: readonly Point[] }[]} curves
 */

const WIDTH = 720;
const LEFT = 52;
const RIGHT = 190;
const PANEL = 190;
const TOP = 44;
const PLOT = 130;

/**
 * Panels of curves over the same minutes as SVG, readable on light and dark pages.
 *
 * @param {string} title
 * @param {readonly Panel[]} panels
 */
export function lineChart(title, panels) {
  const minutes = Math.max(
    ...panels.flatMap(({ curves }) => curves.map(({ points }) => points.at(-1)?.minute ?? 0)),
  );
  const height = TOP + panels.length * PANEL;
  const drawn = panels.map((panel, i) => drawPanel(panel, TOP + i * PANEL, minutes));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeXml(title)}">
  <style>
    text { font: 12px system-ui, sans-serif; fill: #57606a }
    .title { font-weight: 600; font-size: 15px }
    .name { font-weight: 600 }
    .axis { stroke: #9aa7b4; stroke-width: 0.5 }
    .curve { fill: none; stroke-width: 1.6 }
  </style>
  <text x="0" y="20" class="title">${escapeXml(title)}</text>
  ${drawn.join('\n  ')}
</svg>
`;
}

const colors = ['#2da44e', '#0969da', '#bf8700', '#8250df', '#cf222e'];

/**
 * @param {Panel} panel
 * @param {number} top
 * @param {number} minutes
 */
function drawPanel({ title, curves }, top, minutes) {
  const most = roundUp(Math.max(1, ...curves.flatMap(({ points }) => points.map(({ value }) => value))));
  const bottom = top + 18 + PLOT;
  const right = WIDTH - RIGHT;
  /** @param {number} minute */
  const x = (minute) => (LEFT + ((right - LEFT) * minute) / minutes).toFixed(1);
  /** @param {number} value */
  const y = (value) => (bottom - (PLOT * value) / most).toFixed(1);
  const grid = [0, 0.5, 1].map((share) => {
    const at = y(most * share);
    return `<line x1="${LEFT}" y1="${at}" x2="${right}" y2="${at}" class="axis"/><text x="${LEFT - 6}" y="${Number(at) + 4}" text-anchor="end">${most * share}</text>`;
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<text x="${x(minutes * share)}" y="${bottom + 16}" text-anchor="middle">${Number((minutes * share).toFixed(1))}${share === 1 ? ' min' : ''}</text>`,
  );
  const lines = curves.map(({ label, points }, i) => {
    const path = points.map(({ minute, value }) => `${x(minute)},${y(value)}`).join(' ');
    const last = points.at(-1)?.value ?? 0;
    const color = colors[i % colors.length];
    const legend = top + 30 + i * 18;
    return (
      `<polyline points="${path}" class="curve" stroke="${color}"/>` +
      `<rect x="${right + 12}" y="${legend - 9}" width="10" height="10" rx="2" fill="${color}"/>` +
      `<text x="${right + 28}" y="${legend}">${escapeXml(label)}: ${Number(last.toFixed(1))}</text>`
    );
  });
  return [
    `<text x="0" y="${top + 8}" class="name">${escapeXml(title)}</text>`,
    ...grid,
    ...ticks,
    ...lines,
  ].join('\n  ');
}

/**
 * The next number that reads well.
 * @param {number} value
 */
function roundUp(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 3, 4, 5, 6, 8, 10].map((step) => step * unit).find((round) => round >= value) ?? value;
}

/** @param {string} text */
function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
