import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { NotSupportedError, type ResultNode } from '@pool/results';
import type { Suite } from '../suite.js';

function leaf(id: string = randomUUID()): ResultNode {
  return { id, parent: null, results: null };
}

export function groups(suite: Suite): void {
  suite.area('groups', () => {
    suite.test(
      'a group is restored with its members, nested ones and parents too',
      async (scene) => {
        const { writer, reader } = await scene.pair();
        const inner: ResultNode = { id: randomUUID(), parent: leaf(), results: [leaf(), leaf()] };
        const group: ResultNode = { id: randomUUID(), parent: null, results: [leaf(), inner] };
        await writer.saveGroup(group);
        assert.deepEqual(await reader.getGroup(group.id), group);
        assert.equal(await reader.getGroup(randomUUID()), undefined);
      },
      suite.lacks('groups'),
    );

    suite.test(
      'a group and a task of the same id are different things',
      async (scene) => {
        const pair = await scene.pair();
        const id = randomUUID();
        await pair.store({ taskId: id, status: 'SUCCESS', result: 1 });
        await pair.writer.saveGroup({ id, parent: null, results: [leaf()] });
        assert.equal((await pair.reader.get(id))?.result, 1);
        await pair.reader.forgetGroup(id);
        assert.equal(await pair.reader.getGroup(id), undefined);
        assert.equal((await pair.reader.get(id))?.result, 1);
        await pair.reader.forgetGroup(id);
      },
      suite.lacks('groups'),
    );

    suite.test(
      'says that it has no groups',
      async (scene) => {
        const { reader } = await scene.pair();
        await assert.rejects(
          reader.getGroup(randomUUID()),
          (error) => NotSupportedError.isInstance(error) && error.capability === 'groups',
        );
      },
      suite.has('groups'),
    );
  });
}
