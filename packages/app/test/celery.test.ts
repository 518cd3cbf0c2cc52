import { mkdtempSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, chain, chord, group, type ResultHandle } from '@pool/app';
import { ChordError, TaskError } from '@pool/results';
import { python } from '@pool/servers';
import { requirePart } from '@pool/servers/vitest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type CapturedMessage, CeleryPeer, capturedWorkflows } from './support/celery-peer.js';
import { demo } from './support/demo-app.js';
import { InlineWorker } from './support/inline-worker.js';
import { normalized } from './support/normalized.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const interpreter = await requirePart('celery', () => python(['celery']));

describe('what is published for a workflow', () => {
  let captured: Record<string, CapturedMessage[]>;
  beforeAll(async () => {
    captured = await capturedWorkflows(interpreter);
  });

  it('is what Celery publishes for it', async () => {
    await using scene = await demo({}, []);
    const { app, add, sum: total } = scene;
    const workflows: Record<string, () => Promise<ResultHandle>> = {
      task: () => add.s(1, 2).delay(),
      'task with options': () =>
        add
          .signature([1], {
            kwargs: { y: 2 },
            queue: 'cpu',
            priority: 3,
            timeLimit: 20,
            softTimeLimit: 10,
            ignoreResult: true,
          })
          .delay(),
      callbacks: () => add.applyAsync([1, 2], { link: add.s(3), linkError: [total.s(), total.si([1])] }),
      chain: () => chain(add.s(1, 2), add.s(3), add.si(4, 5)).delay(),
      'nested chain': () => chain(add.s(1, 2), chain(add.s(3), add.s(4)), add.s(5)).delay(),
      'chain with arguments': () => chain(add.s(1), add.s(2)).delay(10),
      'chain with links': () =>
        chain(add.s(1, 2), add.s(3)).applyAsync([], { link: total.s(), linkError: total.s() }),
      'chain ending in a group': () => chain(add.s(1, 2), group(add.s(3), add.s(4))).delay(),
      'chain through a group': () => chain(add.s(1, 2), group(add.s(3), add.s(4)), total.s()).delay(),
      'chain through a group, going on': () =>
        chain(add.s(1, 2), group(add.s(3), add.s(4)), total.s(), add.s(5)).delay(),
      group: () => group(add.s(1, 2), add.s(3, 4)).delay(),
      'nested group': () => group(add.s(1, 2), group(add.s(3, 4), add.s(5, 6))).delay(),
      'group with arguments': () => group(add.s(1), add.s(2)).delay(10),
      'group of chains': () => group(chain(add.s(1, 2), add.s(3)), add.s(4, 5)).delay(),
      chord: () => chord([add.s(1, 2), add.s(3, 4)], total.s()).delay(),
      'chord with a chain for a body': () =>
        chord([add.s(1, 2), add.s(3, 4)], chain(total.s(), add.s(5))).delay(),
      'chord of chains': () => chord([chain(add.s(1, 2), add.s(3)), add.s(4, 5)], total.s()).delay(),
      'group and then a task': () => chain(group(add.s(1, 2), add.s(3, 4)), total.s()).delay(),
      'group and then tasks': () => chain(group(add.s(1, 2), add.s(3, 4)), total.s(), add.s(5)).delay(),
      'chord that is empty': () => chord([], total.s()).delay(),
      map: () => total.map([[1], [2]]).delay(),
      starmap: () =>
        add
          .starmap([
            [1, 2],
            [3, 4],
          ])
          .delay(),
      chunks: () =>
        add
          .chunks(
            [
              [1, 2],
              [3, 4],
              [5, 6],
            ],
            2,
          )
          .delay(),
    };
    expect(Object.keys(workflows).sort()).toEqual(Object.keys(captured).sort());
    for (const [name, send] of Object.entries(workflows)) {
      const published: CapturedMessage[] = [];
      const listener: Parameters<typeof app.on<'afterTaskPublish'>>[1] = ({ message, destination }) => {
        const { headers, properties, body } = message;
        const priority = properties.priority ?? null;
        published.push({ queue: destination.routingKey, headers, priority, body: JSON.parse(String(body)) });
      };
      app.on('afterTaskPublish', listener);
      await send();
      app.off('afterTaskPublish', listener);
      expect(normalized(published), name).toEqual(normalized(captured[name] ?? []));
    }
  });
});

describe('a workflow of tasks here and in Python', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pool-app-'));
  const timeout = 60;
  let celery: CeleryPeer;
  let app: App;
  let worker: InlineWorker;

  beforeAll(async () => {
    await Promise.all(
      ['broker/control', 'results'].map((path) => mkdir(join(folder, path), { recursive: true })),
    );
    celery = new CeleryPeer(interpreter, folder);
    app = new App('peer', {
      broker: `filesystem://${folder}/broker`,
      resultBackend: `filesystem://${folder}/results`,
      taskRoutes: { 'py.*': 'py', 'node.*': 'node', 'celery.*': 'py' },
      taskChordUnlock: true,
    });
    app.task('node.add', { params: ['x', 'y'] }, (x: number, y: number) => x + y);
    app.task('node.sum', (numbers: number[]) => numbers.reduce((a, b) => a + b, 0));
    app.task('node.fail', (message: unknown): never => {
      throw new RangeError(String(message));
    });
    worker = new InlineWorker(app);
    await worker.start('node');
  });

  afterAll(async () => {
    await worker?.stop();
    await app?.close();
    await celery?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const here = (name: string, ...args: unknown[]) => app.signature<number>(`node.${name}`, args);
  const there = (name: string, ...args: unknown[]) => app.signature<number>(`py.${name}`, args);

  it('goes to and fro when it is begun here', async () => {
    const result = await chain(there('add', 1, 2), here('add', 3), there('add', 4), here('add', 5)).delay();
    expect(await result.get({ timeout })).toBe(15);
  });

  it('goes to and fro when it is begun there', async () => {
    expect(await celery.begin('task')).toEqual({ ok: 3 });
    expect(await celery.begin('chain')).toEqual({ ok: 15 });
  });

  it('meets in a chord that is begun here', async () => {
    const result = await chord([there('add', 1, 2), here('add', 3, 4)], here('sum')).delay();
    expect(await result.get({ timeout })).toBe(10);
    const other = await chord(
      [there('add', 1, 2), here('add', 3, 4)],
      chain(there('sum'), here('add', 5)),
    ).delay();
    expect(await other.get({ timeout })).toBe(15);
  });

  it('meets in a chord that is begun there', async () => {
    expect(await celery.begin('chord')).toEqual({ ok: 10 });
    expect(await celery.begin('chain through a group')).toEqual({ ok: 18 });
  });

  it('goes through groups on either side', async () => {
    const start = chain(
      there('add', 1, 2),
      group(here('add', 3), there('add', 4)),
      there('sum'),
      here('add', 5),
    );
    expect(await (await start.delay()).get({ timeout })).toBe(18);
    const first = chain(
      here('add', 1, 2),
      group(here('add', 3), there('add', 4)),
      here('sum'),
      there('add', 5),
    );
    expect(await (await first.delay()).get({ timeout })).toBe(18);
  });

  it('fails on the one side as it failed on the other', async () => {
    const result = await chain(here('add', 1, 2), there('fail')).delay();
    const error = await result.get({ timeout }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TaskError);
    expect([(error as TaskError).excType, (error as TaskError).args]).toEqual(['ValueError', [3]]);
    expect((error as TaskError).traceback).toContain('ValueError: 3');
    expect(await celery.begin('failure')).toEqual({ failed: ['RangeError', '3'] });
  });

  it('fails as a chord on either side', async () => {
    for (const body of [here('sum'), there('sum')]) {
      const result = await chord([there('fail', 'no'), here('add', 1, 2)], body).delay();
      await expect(result.get({ timeout })).rejects.toBeInstanceOf(ChordError);
    }
  });

  it('maps items for Python', async () => {
    expect(await celery.begin('map')).toEqual({ ok: [3, 7] });
  });
});

describe('a chord that is completed by polling', () => {
  it('calls its body, and fails when its header does', async () => {
    await using scene = await demo({ taskChordUnlock: true });
    const { add, sum, fail } = scene;
    const good = await chord(
      [add.s(1, 2), chain(add.s(3, 4), group(add.s(1), add.s(2)))],
      scene.echo.s(),
    ).delay();
    expect(await good.get({ timeout: 60 })).toEqual([3, [8, 9]]);
    const bad = await chord([add.s(1, 2), fail.s('no')], sum.s()).delay();
    await expect(bad.get({ timeout: 60 })).rejects.toBeInstanceOf(ChordError);
  });
});
