const WIDTH = 720;
const LABEL = 210;
const VALUE = 70;
const ROW = 30;
const TOP = 44;

/**
 * A chart of horizontal bars as SVG, readable on light and dark pages.
 *
 * @param {string} title
 * @param {string} unit
 * @param {{ label: string, value: number }[]} bars
 * @returns {string}
 */
export function barChart(title, unit, bars) {
  const most = Math.max(...bars.map(({ value }) => value));
  const best = Math.min(...bars.map(({ value }) => value));
  const height = TOP + bars.length * ROW + 10;
  const rows = bars.map(({ label, value }, i) => {
    const y = TOP + i * ROW;
    const width = Math.max(1, ((WIDTH - LABEL - VALUE) * value) / most);
    const shown = `${value >= 10 ? value.toFixed(0) : value.toFixed(2)} ${unit}`;
    return [
      `<text x="${LABEL - 10}" y="${y + 15}" text-anchor="end">${escapeXml(label)}</text>`,
      `<rect x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 9}" rx="3" class="${value === best ? 'best' : 'bar'}"/>`,
      `<text x="${(LABEL + width + 8).toFixed(1)}" y="${y + 15}">${shown}</text>`,
    ].join('\n  ');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeXml(title)}">
  <style>
    text { font: 13px system-ui, sans-serif; fill: #57606a }
    .title { font-weight: 600; font-size: 15px }
    .bar { fill: #9aa7b4 }
    .best { fill: #2da44e }
  </style>
  <text x="0" y="20" class="title">${escapeXml(title)}</text>
  ${rows.join('\n  ')}
</svg>
`;
}

/** @param {string} text */
function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
