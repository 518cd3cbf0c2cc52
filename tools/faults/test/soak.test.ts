import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const command = fileURLToPath(new URL('../bin/soak.mjs', import.meta.url));

test('a soak of some seconds writes its page, its chart and its data, and exits as it judges', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pool-soak-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const args = ['0.08', '--broker', 'filesystem', '--pool', 'green', '--rate', '50', '--out', folder];
  const soak = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  soak.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = await once(soak, 'close');
  const [page, chart, data] = await Promise.all(
    ['soak.md', 'soak.svg', 'soak.json'].map((name) => readFile(join(folder, name), 'utf8')),
  );
  const { sent, curves, exit } = JSON.parse(data as string);
  expect(sent).toBeGreaterThan(0);
  expect(exit).toBe(0);
  expect(code).toBe(said.includes('All curves are flat.') ? 0 : 1);
  expect(page).toContain(`${sent.toLocaleString('en')} tasks sent, pool green`);
  expect(page).toContain('](./soak.svg)');
  for (const [name, points] of Object.entries<{ value: number }[]>(curves)) {
    expect(page).toContain(`| ${name} |`);
    expect(chart).toContain(name);
    expect(points.every(({ value }) => value > 0)).toBe(true);
  }
  expect(Object.keys(curves)).toEqual(expect.arrayContaining(['worker, heap', 'producer, descriptors']));
  expect(page).toMatch(/the worker had counted: .*received [1-9]/);
});
