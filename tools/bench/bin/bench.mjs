#!/usr/bin/env node
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { benchPools } from '../src/pools.mjs';
import { poolsPage, poolsTables } from '../src/pools-page.mjs';
import { loadMeasured, merge, saveMeasured } from '../src/samples.mjs';
import { measureWorkloads } from '../src/workloads.mjs';
import { workloadsTable, writeWorkloads } from '../src/workloads-page.mjs';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    loads: { type: 'string', default: '' },
    size: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '' },
    within: { type: 'string', default: '480' },
    write: { type: 'boolean', default: false },
    broker: { type: 'string', default: '' },
    parts: { type: 'string', default: '' },
  },
});
const docs = new URL('../../../docs/', import.meta.url);
/** @param {string} text */
const list = (text) => text.split(',').filter((part) => part !== '');

if (positionals[0] === 'workloads') {
  const rounds = values.quick ? 1 : 3;
  const results = await measureWorkloads(rounds);
  console.log(workloadsTable(results));
  if (!values.quick || values.write) writeWorkloads(results, rounds, docs);
  process.exit(0);
}
if (positionals[0] === 'brokers') {
  const { benchBrokers } = await import('../src/brokers/index.mjs');
  await benchBrokers(
    {
      brokers: list(values.broker),
      only: list(values.only),
      parts: list(values.parts),
      rounds: Number(values.rounds || (values.quick ? 1 : 3)),
      quick: values.quick,
    },
    !values.quick || values.write ? new URL('benchmarks-brokers.md', docs) : undefined,
  );
  process.exit(0);
}
if (positionals[0] !== 'pools') {
  console.error(
    'usage: npm run bench -- pools [--quick] [--only NAME,…] [--loads NAME,…] [--rounds N] [--within SECONDS] [--size N] [--write]\n' +
      '       npm run bench -- workloads [--quick] [--write]\n' +
      '       npm run bench -- brokers [--quick] [--broker redis|rabbitmq] [--only NAME,…] [--parts drain,results,latency,produce] [--rounds N] [--write]',
  );
  process.exit(2);
}
const only = list(values.only);
const loads = list(values.loads);
const rounds = values.quick ? 1 : Number(values.rounds || 5);
const measured = await benchPools({
  rounds,
  within: Number(values.within),
  only,
  loads,
  size: Number(values.size),
});
console.log(poolsTables(measured));
const whole = only.length === 0 && loads.length === 0;
if ((whole && !values.quick) || values.write) {
  const all = whole ? measured : merge(loadMeasured(), measured);
  saveMeasured(all);
  const page = new URL('benchmarks.md', docs);
  writeFileSync(page, poolsPage(all));
  console.error(`written to ${page.pathname}`);
}
