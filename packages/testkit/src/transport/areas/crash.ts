import assert from 'node:assert/strict';
import type { Suite } from '../suite.js';
import { TransportProcess } from '../transport-process.js';

/** Processes that share a broker, and die. */
export function crash(suite: Suite): void {
  const lack = suite.lacks('multiProcess');
  suite.area('crash', () => {
    suite.test(
      'what another process publishes comes',
      async (scene) => {
        const transport = await scene.open();
        const queue = await scene.queue(transport);
        const collector = await scene.collect(transport, queue, { prefetch: 10 });
        const producer = new TransportProcess(suite, scene, { play: 'publish', queue, count: 100 });
        await producer.endsWell();
        await scene.received(collector, 100);
        assert.equal(new Set(collector.texts).size, 100);
      },
      lack,
    );

    suite.test(
      'two processes never get the same message',
      async (scene) => {
        const transport = await scene.open();
        const queue = await scene.queue(transport);
        const other = new TransportProcess(suite, scene, { play: 'work', queue, count: 5 });
        await other.tells('consuming');
        const collector = await scene.collect(transport, queue, { prefetch: 5 });
        const texts = Array.from({ length: 1000 }, (_, i) => String(i));
        for (let i = 0; i < texts.length; i += 50) await scene.send(transport, queue, texts.slice(i, i + 50));
        await scene.until(
          () => collector.deliveries.length + other.texts.length >= 1000,
          'all messages come',
        );
        await scene.settle(collector);
        assert.deepEqual([...collector.texts, ...other.texts].sort(), [...texts].sort());
      },
      lack,
    );

    suite.test(
      'what a live process holds is not given to another, and comes when that process is killed',
      async (scene) => {
        const transport = await scene.open();
        const queue = await scene.queue(transport);
        const texts = Array.from({ length: 50 }, (_, i) => String(i));
        await scene.send(transport, queue, texts);
        const victim = new TransportProcess(suite, scene, { play: 'hold', queue, count: 20 });
        await victim.tellsOf(20);
        const collector = await scene.collect(transport, queue);
        await scene.received(collector, 30);
        await scene.settle(collector);
        assert.equal(collector.deliveries.length, 30);
        const held = new Set(victim.texts);
        assert.equal(held.size, 20);
        await victim.kill();
        await scene.received(collector, 50);
        await scene.settle(collector);
        assert.deepEqual(collector.texts.sort(), [...texts].sort());
        const again = collector.deliveries.filter(({ redelivered }) => redelivered);
        assert.deepEqual(
          again.map(({ message }) => Buffer.from(message.body).toString()).sort(),
          [...held].sort(),
        );
        await scene.within(transport.flush(), 'the acks are sent');
        await scene.size(transport, queue, 0);
      },
      lack,
    );

    suite.test(
      'a process that is killed in the middle of its work loses nothing',
      async (scene) => {
        const transport = await scene.open();
        const queue = await scene.queue(transport);
        const texts = Array.from({ length: 400 }, (_, i) => String(i));
        await scene.send(transport, queue, texts);
        const victim = new TransportProcess(suite, scene, { play: 'work', queue, count: 4 });
        await victim.tellsOf(40);
        await victim.kill();
        const collector = await scene.collect(transport, queue, { prefetch: 20 });
        const all = (): number => new Set([...victim.texts, ...collector.texts]).size;
        await scene.until(() => all() === texts.length, 'every message was worked on');
        await scene.settle(collector);
        const twice = victim.texts.length + collector.texts.length - texts.length;
        // What it held, and what it had acked in the turn it was killed in.
        assert.ok(twice <= 8, `${twice} messages came twice`);
        const unmarked = collector.deliveries.filter(
          (delivery, i) => !delivery.redelivered && victim.texts.includes(collector.texts[i] ?? ''),
        );
        assert.equal(unmarked.length, 0, 'what came twice is marked');
      },
      lack,
    );
  });
}
