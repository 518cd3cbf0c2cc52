import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { type ChordPart, NotSupportedError } from '@pool/results';
import type { Suite } from '../suite.js';

function part(index: number | null, value: unknown = index, taskId: string = randomUUID()): ChordPart {
  return { taskId, index, state: 'SUCCESS', encodedResult: Buffer.from(JSON.stringify(value)) };
}

function values(parts: readonly ChordPart[]): unknown[] {
  return parts.map((one) => JSON.parse(Buffer.from(one.encodedResult).toString()));
}

export function chords(suite: Suite): void {
  const lack = suite.lacks('chords');

  suite.area('chords', () => {
    suite.test(
      'the part that is last completes the chord',
      async (scene) => {
        const { writer, reader } = await scene.pair();
        const chord = randomUUID();
        assert.deepEqual(await writer.setChordSize(chord, 3), { count: 0, size: 3, complete: false });
        assert.deepEqual(await writer.addChordPart(chord, part(1)), { count: 1, size: 3, complete: false });
        assert.deepEqual(await reader.addChordPart(chord, part(0)), { count: 2, size: 3, complete: false });
        assert.deepEqual(await writer.addChordPart(chord, part(2)), { count: 3, size: 3, complete: true });
      },
      lack,
    );

    suite.test(
      'a member that comes again counts once, and brings what it has now',
      async (scene) => {
        const { writer } = await scene.pair();
        const chord = randomUUID();
        await writer.setChordSize(chord, 2);
        const taskId = randomUUID();
        const failed = { ...part(0, { exc_type: 'Error' }, taskId), state: 'FAILURE' };
        assert.equal((await writer.addChordPart(chord, failed)).count, 1);
        assert.deepEqual(await writer.addChordPart(chord, part(0, 'good', taskId)), {
          count: 1,
          size: 2,
          complete: false,
        });
        assert.equal((await writer.addChordPart(chord, part(1, 'other'))).complete, true);
        const parts = await writer.chordParts(chord);
        assert.deepEqual(values(parts), ['good', 'other']);
        assert.deepEqual(
          parts.map((one) => one.state),
          ['SUCCESS', 'SUCCESS'],
        );
      },
      lack,
    );

    suite.test(
      'of many that finish at the same moment exactly one completes the chord',
      async (scene) => {
        const { writer, reader } = await scene.pair();
        for (let round = 0; round < 10; round++) {
          const chord = randomUUID();
          const size = 20;
          await writer.setChordSize(chord, size);
          const progress = await Promise.all(
            Array.from({ length: size }, (_, i) => (i % 2 ? writer : reader).addChordPart(chord, part(i))),
          );
          assert.equal(progress.filter(({ complete }) => complete).length, 1);
          assert.deepEqual(
            values(await reader.chordParts(chord)),
            Array.from({ length: size }, (_, i) => i),
          );
        }
      },
      lack,
    );

    suite.test(
      'the member that completed the chord does so again when it comes again, and no other',
      async (scene) => {
        const { writer, reader } = await scene.pair();
        const chord = randomUUID();
        await writer.setChordSize(chord, 2);
        const [first, last] = [part(0), part(1)];
        await writer.addChordPart(chord, first);
        assert.equal((await writer.addChordPart(chord, last)).complete, true);
        assert.equal((await reader.addChordPart(chord, first)).complete, false);
        assert.equal((await reader.addChordPart(chord, last)).complete, true);
      },
      lack,
    );

    suite.test(
      'the size may come after the parts, and completes the chord if they are all there',
      async (scene) => {
        const { writer, reader } = await scene.pair();
        const chord = randomUUID();
        assert.deepEqual(await writer.addChordPart(chord, part(0)), { count: 1, complete: false });
        assert.deepEqual(await writer.addChordPart(chord, part(1)), { count: 2, complete: false });
        assert.deepEqual(await reader.setChordSize(chord, 2), { count: 2, size: 2, complete: true });
      },
      lack,
    );

    suite.test(
      'a chord grows by the tasks that take the place of a member',
      async (scene) => {
        const { writer } = await scene.pair();
        const chord = randomUUID();
        await writer.setChordSize(chord, 1);
        assert.equal((await writer.adjustChordSize(chord, 1)).size, 2);
        assert.equal((await writer.addChordPart(chord, part(0))).complete, false);
        assert.deepEqual(await writer.addChordPart(chord, part(0)), { count: 2, size: 2, complete: true });
      },
      lack,
    );

    suite.test(
      'parts come by their place in the header; those without one come last',
      async (scene) => {
        const { writer, reader } = await scene.pair();
        const chord = randomUUID();
        for (const one of [part(10), part(null, 'last'), part(2), part(1)])
          await writer.addChordPart(chord, one);
        assert.deepEqual(values(await reader.chordParts(chord)), [1, 2, 10, 'last']);
      },
      lack,
    );

    suite.test(
      'the state and the result of a part come back as they were given',
      async (scene) => {
        const { writer, reader } = await scene.pair();
        const chord = randomUUID();
        const result = '{"exc_type": "ValueError", "exc_message": ["é"], "exc_module": "builtins"}';
        const given = {
          taskId: randomUUID(),
          index: 0,
          state: 'FAILURE',
          encodedResult: Buffer.from(result),
        };
        await writer.addChordPart(chord, given);
        const [found] = await reader.chordParts(chord);
        assert.deepEqual([found?.taskId, found?.state], [given.taskId, 'FAILURE']);
        assert.deepEqual(values(found ? [found] : []), [JSON.parse(result)]);
      },
      lack,
    );

    suite.test(
      'a large chord completes once, with all its parts',
      async (scene) => {
        const { writer, reader } = await scene.pair();
        const chord = randomUUID();
        const size = 300;
        await writer.setChordSize(chord, size);
        const progress = await Promise.all(
          Array.from({ length: size }, (_, i) => (i % 2 ? writer : reader).addChordPart(chord, part(i))),
        );
        assert.equal(progress.filter(({ complete }) => complete).length, 1);
        assert.equal((await reader.chordParts(chord)).length, size);
      },
      lack,
    );

    suite.test(
      'a chord that was forgotten is gone',
      async (scene) => {
        const { writer, reader } = await scene.pair();
        const chord = randomUUID();
        await writer.setChordSize(chord, 1);
        const one = part(0);
        await writer.addChordPart(chord, one);
        await writer.forgetChord(chord);
        await writer.forgetChord(chord);
        assert.deepEqual(await reader.chordParts(chord), []);
        assert.equal((await reader.addChordPart(chord, one)).complete, false);
      },
      lack,
    );

    suite.test(
      'says that it has no chords',
      async (scene) => {
        const { reader } = await scene.pair();
        await assert.rejects(
          reader.setChordSize(randomUUID(), 1),
          (error) => NotSupportedError.isInstance(error) && error.capability === 'chords',
        );
      },
      suite.has('chords'),
    );
  });
}
