import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { EncodeError } from '@pool/message';
import { exceptionDocument, ResultDecodeError, TaskError, taskErrorFrom } from '@pool/results';
import type { Suite } from '../suite.js';

const strangeIds = [
  '../../outside',
  'a/b\\c:d*e?f',
  '.',
  '..',
  'with space and "quotes"',
  'ünï-çødé-✓-😀',
  'CON',
  'x'.repeat(1000),
  '{x}',
  'new\nline',
];

export function documents(suite: Suite): void {
  suite.area('documents', () => {
    suite.test('a document comes back as it was stored', async (scene) => {
      const pair = await scene.pair();
      const id = randomUUID();
      const input = {
        taskId: id,
        status: 'SUCCESS',
        result: {
          text: 'ünï ✓ 😀',
          list: [1, 2.5, null, true],
          nested: { deep: [[[]]] },
          when: new Date(1.7e12),
        },
        children: [
          { id: 'child', parent: null, results: [{ id: 'grandchild', parent: null, results: null }] },
        ],
        dateDone: new Date(1.7e12),
        parentId: 'parent',
        groupId: 'group',
        name: 'demo.add',
        args: [1, 2],
        kwargs: { x: 1 },
        worker: 'w@host',
        retries: 2,
        queue: 'celery',
      };
      await pair.store(input);
      const document = await pair.read(scene, id, 'SUCCESS');
      assert.deepEqual(document, { ...input, traceback: null });
    });

    suite.test('a result that is encoded already is stored byte for byte', async (scene) => {
      const pair = await scene.pair();
      const id = randomUUID();
      // More digits than a number has: decoding and encoding again would change them.
      await pair.store({
        taskId: id,
        status: 'SUCCESS',
        encodedResult: Buffer.from('[12345678901234567890, "é"]'),
      });
      const { result } = await pair.read(scene, id, 'SUCCESS');
      assert.equal(String((result as unknown[])[0]), '12345678901234567890');
      assert.equal((result as unknown[])[1], 'é');
    });

    suite.test('a result of some megabytes comes back', async (scene) => {
      const pair = await scene.pair();
      const id = randomUUID();
      const result = 'ü'.repeat(2 ** 21);
      await pair.store({ taskId: id, status: 'SUCCESS', result });
      assert.equal((await pair.read(scene, id, 'SUCCESS')).result, result);
    });

    suite.test('a failure comes back with its type, arguments and traceback', async (scene) => {
      const pair = await scene.pair();
      const id = randomUUID();
      const result = exceptionDocument(new RangeError('out of it'));
      await pair.store({ taskId: id, status: 'FAILURE', result, traceback: 'at here' });
      const document = await pair.read(scene, id, 'FAILURE');
      const error = taskErrorFrom(document.result, { taskId: id, traceback: document.traceback });
      assert.ok(TaskError.isInstance(error));
      assert.deepEqual(
        [error.excType, error.args, error.traceback],
        ['RangeError', ['out of it'], 'at here'],
      );
    });

    suite.test('a task that nothing is known of has no document', async (scene) => {
      const { reader } = await scene.pair();
      assert.equal(await reader.get(randomUUID()), undefined);
      assert.deepEqual(await reader.getMany([randomUUID(), randomUUID()]), [undefined, undefined]);
    });

    suite.test('many are read in one go, in the order they are asked for', async (scene) => {
      const pair = await scene.pair();
      const ids = Array.from({ length: 5 }, () => randomUUID());
      await Promise.all(
        ids.slice(1).map((taskId, result) => pair.store({ taskId, status: 'SUCCESS', result })),
      );
      await scene.within(pair.reader.waitFor(ids.slice(1)), 'they are there');
      const found = await pair.reader.getMany([...ids].reverse());
      assert.deepEqual(
        found.map((document) => document?.result),
        [3, 2, 1, 0, undefined],
      );
    });

    suite.test('what is stored in one turn is all written', async (scene) => {
      const pair = await scene.pair({ maxBatch: 100 });
      const ids = Array.from({ length: 1000 }, () => randomUUID());
      await Promise.all(ids.map((taskId, result) => pair.store({ taskId, status: 'SUCCESS', result })));
      const found = await scene.within(pair.reader.waitFor(ids), 'all are there');
      assert.deepEqual(
        found.map((document) => document.result),
        ids.map((_, i) => i),
      );
    });

    for (const id of strangeIds) {
      suite.test(`keeps to itself the id ${JSON.stringify(id.slice(0, 30))}`, async (scene) => {
        const pair = await scene.pair();
        await pair.store({ taskId: id, status: 'SUCCESS', result: id });
        await pair.store({ taskId: `${id}!`, status: 'SUCCESS', result: 'another' });
        assert.equal((await pair.read(scene, id, 'SUCCESS')).result, id);
      });
    }

    suite.test('a result that cannot be encoded is refused, and others are not', async (scene) => {
      const pair = await scene.pair();
      const [bad, good] = [randomUUID(), randomUUID()];
      const refused = assert.rejects(
        pair.store({ taskId: bad, status: 'SUCCESS', result: () => {} }),
        (error) => EncodeError.isInstance(error),
      );
      await Promise.all([refused, pair.store({ taskId: good, status: 'SUCCESS', result: 1 })]);
      assert.equal((await pair.read(scene, good, 'SUCCESS')).result, 1);
      assert.equal(await pair.reader.get(bad), undefined);
    });

    suite.test('a document that is none is a ResultDecodeError that names the task', async (scene) => {
      const pair = await scene.pair();
      const id = randomUUID();
      await pair.writer.store({ ...pair.route(id), id, state: 'SUCCESS', document: Buffer.from('{"x": 1}') });
      await scene.within(
        assert.rejects(
          pair.reader.waitFor([id]),
          (error) => ResultDecodeError.isInstance(error) && error.id === id,
        ),
        'the wait fails',
      );
    });
  });
}
