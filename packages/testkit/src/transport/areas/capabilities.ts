import assert from 'node:assert/strict';
import { type Capability, NotSupportedError } from '@pool/transport';
import type { Suite } from '../suite.js';

const flags: readonly Capability[] = [
  'fanout',
  'topic',
  'remoteControl',
  'delayedDelivery',
  'messageTtl',
  'queueExpiry',
  'livePrefetch',
  'deliveryCount',
  'deadLetterExchange',
  'multiProcess',
  'persistent',
  'ordered',
];

/** What a transport declares, and that it refuses what it does not. What it can do is proved by the other areas. */
export function capabilities(suite: Suite): void {
  suite.area('capabilities', () => {
    suite.test('every capability is declared', async () => {
      const declared = suite.capabilities;
      for (const flag of flags) assert.equal(typeof declared[flag], 'boolean', `${flag} is declared`);
      const { priorities } = declared;
      if (priorities !== false) {
        assert.ok(Number.isInteger(priorities.levels) && priorities.levels > 1, 'priorities have levels');
        assert.ok(priorities.urgent === 'high' || priorities.urgent === 'low', 'one end is urgent');
      }
    });

    suite.test('remote control needs fanout', async () => {
      if (suite.capabilities.remoteControl) assert.equal(suite.capabilities.fanout, true);
    });

    suite.test('require() throws for what is not supported, and only for that', async (scene) => {
      const transport = scene.create();
      for (const capability of [...flags, 'priorities'] as const) {
        if (suite.capabilities[capability] === false) {
          const named = (error: unknown): boolean =>
            error instanceof NotSupportedError && error.capability === capability;
          assert.throws(() => transport.require(capability), named, `${capability} is refused by name`);
        } else transport.require(capability);
      }
    });

    for (const type of ['fanout', 'topic'] as const) {
      suite.test(
        `a ${type} exchange is refused`,
        async (scene) => {
          const transport = await scene.open();
          await assert.rejects(
            transport.declareExchange({ name: scene.name(type), type }),
            NotSupportedError,
          );
        },
        suite.has(type),
      );
    }

    suite.test(
      'a delayed publish is refused',
      async (scene) => {
        const transport = await scene.open();
        const queue = await scene.queue(transport);
        const publish = transport.publish(scene.message('x'), { routingKey: queue, delay: 1 });
        await assert.rejects(publish, NotSupportedError);
        assert.equal(await transport.queueSize(queue), 0);
      },
      suite.has('delayedDelivery'),
    );

    suite.test(
      'a dead-letter exchange is refused',
      async (scene) => {
        const transport = await scene.open();
        const declared = transport.declareQueue({ name: scene.name('queue'), deadLetterExchange: 'x' });
        await assert.rejects(declared, NotSupportedError);
      },
      suite.has('deadLetterExchange'),
    );

    suite.test(
      'messages with a priority come although there are no priorities',
      async (scene) => {
        const transport = await scene.open();
        const queue = await scene.queue(transport);
        await scene.send(transport, queue, ['a'], { priority: 9 });
        const collector = await scene.collect(transport, queue);
        await scene.received(collector, 1);
      },
      suite.has('priorities'),
    );

    suite.test(
      'what waits is there after everybody has left',
      async (scene) => {
        const transport = await scene.open();
        const queue = await scene.queue(transport);
        await scene.send(transport, queue, ['a', 'b']);
        await scene.within(transport.close(), 'the transport closes');
        const other = await scene.open();
        const collector = await scene.collect(other, queue);
        await scene.received(collector, 2);
        assert.deepEqual(collector.texts.sort(), ['a', 'b']);
        assert.equal(
          collector.deliveries.some(({ redelivered }) => redelivered),
          false,
        );
      },
      suite.lacks('persistent'),
    );
  });
}
