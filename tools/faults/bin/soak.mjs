#!/usr/bin/env node
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { soakChart, soakPage, soakTable, trends, verdict } from '../src/soak/report.mjs';
import { soak } from '../src/soak/soak.mjs';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    broker: { type: 'string', default: 'redis' },
    pool: { type: 'string', default: 'prefork' },
    concurrency: { type: 'string', default: '2' },
    rate: { type: 'string', default: '300' },
    'cut-every': { type: 'string', default: '30' },
    recycle: { type: 'string', default: '5000' },
    rare: { type: 'string', default: '4000' },
    name: { type: 'string', default: 'soak' },
    out: { type: 'string', default: 'soak' },
    docs: { type: 'boolean', default: false },
  },
});
const minutes = Number(positionals[0]);
if (positionals.length !== 1 || !(minutes > 0)) {
  console.error(`usage: npm run soak -- MINUTES [options]
  --broker NAME      redis (default), rabbitmq, filesystem
  --pool NAME        prefork (default), threads, green, solo
  --concurrency N    slots (2)
  --rate N           tasks a second (300)
  --cut-every S      seconds between two cuts of the worker's connection (30)
  --recycle N        tasks after which a child is replaced (5000); 0: never
  --rare N           of so many tasks, one hangs until its time limit and one kills its process (4000); 0: none
  --out FOLDER       where the page, its chart and its data go (soak)
  --name NAME        what these files are called (soak)
  --docs             into the documents of this repository instead`);
  process.exit(2);
}

const result = await soak({
  minutes,
  broker: values.broker,
  pool: values.pool,
  concurrency: Number(values.concurrency),
  rate: Number(values.rate),
  cutEvery: Number(values['cut-every']),
  recycle: Number(values.recycle),
  rare: Number(values.rare),
  tell: (text) => console.error(text),
});
console.log(`${soakTable(result)}\n\n${verdict(result)}`);

const docs = fileURLToPath(new URL('../../../docs/', import.meta.url));
const folder = values.docs ? docs : resolve(values.out);
const charts = values.docs ? 'assets' : '.';
mkdirSync(join(folder, charts), { recursive: true });
writeFileSync(join(folder, charts, `${values.name}.svg`), soakChart(result));
writeFileSync(join(folder, `${values.name}.md`), soakPage(result, `${charts}/${values.name}.svg`));
if (!values.docs) writeFileSync(join(folder, `${values.name}.json`), JSON.stringify(result));
console.error(`written to ${join(folder, `${values.name}.md`)}`);
// What the worker was sent last it may not have been able to finish; how it ended says whether it could stop.
if (result.exit !== 0) console.error(`the worker ended with ${result.exit}:\n${result.log}`);
process.exit(result.exit === 0 && trends(result).every(({ trend }) => trend.flat) ? 0 : 1);
