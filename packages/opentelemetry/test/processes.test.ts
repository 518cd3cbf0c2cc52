import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App } from '@pool/app';
import { openTelemetry } from '@pool/opentelemetry';
import { expect, it } from 'vitest';
import { onEnd, scratchFolder } from './support/site.js';
import { inSpan, only } from './support/spans.js';

/** A span as `fixtures/tracing.js` writes it. */
interface WrittenSpan {
  pid: number;
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  attributes: Record<string, unknown>;
  status: { code: number; message?: string };
}

const tasks = fileURLToPath(new URL('./fixtures/tasks.js', import.meta.url));
const pool = join(
  dirname(createRequire(import.meta.url).resolve('@pool/worker/package.json')),
  'dist/bin.js',
);

/** `pool worker` with the traced tasks, and everything it said. */
function startWorker(env: Record<string, string>): { process: ChildProcess; output: () => string } {
  const args = [pool, 'worker', '-A', tasks, '-P', 'prefork', '-c', '1'];
  const worker = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  worker.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  onEnd(async () => {
    if (worker.exitCode !== null || worker.signalCode !== null) return;
    worker.kill('SIGKILL');
    await once(worker, 'exit');
  });
  return { process: worker, output: () => said };
}

it('follows a task from this process through the worker into its child, and loses no span when they end', async () => {
  const folder = await scratchFolder();
  const [broker, resultBackend] = [`filesystem://${folder}/broker`, `filesystem://${folder}/results`];
  const file = `${folder}/spans`;
  const app = new App('producer', { broker, resultBackend, telemetry: openTelemetry() });
  onEnd(() => app.close());
  const env = { POOL_BROKER_URL: broker, POOL_RESULT_BACKEND: resultBackend, SPANS: file };
  const worker = startWorker(env);

  const send = (name: string, args: unknown[]): ReturnType<App['sendTask']> =>
    app.sendTask(name, args, { headers: { baggage: 'tenant=acme' } });
  // Those that cost a child come first: what it had not sent yet goes with it.
  const failures = ['traced.die', 'traced.spin', 'traced.fail'];
  const reasons: unknown[] = [];
  for (const name of failures)
    reasons.push(await (await send(name, [])).get({ timeout: 60 }).catch((error: Error) => error.name));
  expect(reasons, worker.output()).toEqual(['WorkerLostError', 'TimeLimitExceeded', 'TaskError']);
  const worked = await inSpan('request', () => send('traced.work', ['done']));
  expect(await worked.get({ timeout: 60 }), worker.output()).toBe('done acme');
  worker.process.kill('SIGTERM');
  const [code] = (await once(worker.process, 'exit')) as [number];
  expect(code, worker.output()).toBe(0);

  const spans = (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as WrittenSpan);
  const one = (name: string): WrittenSpan => {
    const found = spans.filter((span) => span.name === name);
    expect(found, `${name} of ${JSON.stringify(spans)}`).toHaveLength(1);
    return found[0] as WrittenSpan;
  };
  const sent = only('send traced.work').spanContext();
  const run = one('process traced.work');
  expect(run).toMatchObject({ traceId: sent.traceId, parentSpanId: sent.spanId });
  expect(run.pid).not.toBe(worker.process.pid);
  expect(one('inside')).toMatchObject({ traceId: sent.traceId, parentSpanId: run.spanId, pid: run.pid });

  expect(one('process traced.fail')).toMatchObject({
    status: { code: 2, message: 'out of luck' },
    attributes: { 'celery.state': 'FAILURE', 'error.type': 'RangeError' },
  });
  // What a killed child knew is gone; the worker tells of its run.
  expect(one('process traced.die')).toMatchObject({
    status: { code: 2 },
    attributes: { 'celery.state': 'FAILURE', 'error.type': 'WorkerLostError' },
  });
  expect(one('process traced.spin')).toMatchObject({
    status: { code: 2 },
    attributes: { 'celery.state': 'FAILURE', 'error.type': 'TimeLimitExceeded' },
  });
}, 120_000);
