import assert from 'node:assert/strict';
import { ConsumerStalledError, TransportClosedError } from '@pool/transport';
import type { Suite } from '../suite.js';

/** Connecting and closing. */
export function lifecycle(suite: Suite): void {
  suite.area('lifecycle', () => {
    suite.test('a new transport has opened nothing and does nothing', async (scene) => {
      const transport = scene.create();
      assert.equal(transport.state, 'new');
      assert.equal(transport.epoch, 0);
      const publish = transport.publish(scene.message('x'), { routingKey: 'nowhere' });
      await assert.rejects(publish, TransportClosedError);
      await assert.rejects(transport.queueSize('nowhere'), TransportClosedError);
      await scene.within(transport.close(), 'a new transport closes');
      assert.equal(transport.state, 'closed');
    });

    suite.test('connect() opens the first epoch, once', async (scene) => {
      const transport = scene.create();
      const epochs: number[] = [];
      transport.on('connected', (epoch) => epochs.push(epoch));
      await scene.within(Promise.all([transport.connect(), transport.connect()]), 'the transport connects');
      await scene.within(transport.connect(), 'connect() of a connected transport resolves');
      assert.equal(transport.state, 'connected');
      assert.equal(transport.epoch, 1);
      assert.deepEqual(epochs, [1]);
    });

    suite.test('close() twice is close() once, and nothing works after it', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      await scene.within(Promise.all([transport.close(), transport.close()]), 'both close() resolve');
      await scene.within(transport.close(), 'close() of a closed transport resolves');
      assert.equal(transport.state, 'closed');
      await assert.rejects(
        transport.publish(scene.message('x'), { routingKey: queue }),
        TransportClosedError,
      );
      await assert.rejects(
        transport.consume({ queues: [queue], onDeliveries: () => {} }),
        TransportClosedError,
      );
      await assert.rejects(transport.connect(), TransportClosedError);
    });

    suite.test('close() while connecting leaves nothing open', async (scene) => {
      const transport = scene.create();
      const connected = transport.connect();
      connected.catch(() => {});
      await scene.within(transport.close(), 'the transport closes');
      await connected.catch((error: unknown) =>
        assert.ok(error instanceof TransportClosedError, String(error)),
      );
      assert.equal(transport.state, 'closed');
    });

    suite.test('close() sends what was published and settled before it', async (scene) => {
      const [transport, other] = [await scene.open(), await scene.open()];
      const queue = await scene.queue(transport);
      await scene.send(transport, queue, ['settled']);
      const collector = await scene.collect(transport, queue, {}, () => {});
      await scene.received(collector, 1);
      const publish = transport.publish(scene.message('published'), { routingKey: queue });
      collector.deliveries[0]?.ack();
      await scene.within(Promise.all([transport.close(), publish]), 'the transport closes');
      const rest = await scene.collect(other, queue);
      await scene.received(rest, 1);
      await scene.settle(rest);
      assert.deepEqual(rest.texts, ['published']);
    });

    suite.test('close() ends the consumers', async (scene) => {
      const transport = await scene.open();
      const { consumer } = await scene.collect(transport, await scene.queue(transport));
      assert.equal(transport.consumers.size, 1);
      await scene.within(transport.close(), 'the transport closes');
      assert.equal(consumer.cancelled, true);
      assert.equal(transport.consumers.size, 0);
      await assert.rejects(consumer.proveConsumption(), ConsumerStalledError);
    });

    suite.test('it is disposed of by closing', async (scene) => {
      const transport = await scene.open();
      await scene.within(transport[Symbol.asyncDispose](), 'the transport is disposed of');
      assert.equal(transport.state, 'closed');
    });

    suite.test('wrong arguments are TypeErrors', async (scene) => {
      const transport = await scene.open();
      const queue = await scene.queue(transport);
      const nobody = undefined as never;
      await assert.rejects(
        transport.publish({ ...scene.message('x'), body: 'x' as never }, { routingKey: queue }),
        TypeError,
      );
      await assert.rejects(transport.publish(scene.message('x'), { routingKey: nobody }), TypeError);
      await assert.rejects(
        transport.publish(scene.message('x'), { routingKey: queue, priority: -1 }),
        TypeError,
      );
      await assert.rejects(
        transport.publish(scene.message('x'), { routingKey: queue, expiration: -1 }),
        TypeError,
      );
      await assert.rejects(transport.consume({ queues: [queue], onDeliveries: nobody }), TypeError);
      await assert.rejects(
        transport.consume({ queues: [queue], prefetch: -1, onDeliveries: () => {} }),
        TypeError,
      );
      await assert.rejects(transport.declareQueue({ name: nobody }), TypeError);
      await assert.rejects(transport.declareExchange({ name: 'x', type: 'headers' as never }), TypeError);
      assert.equal(await transport.queueSize(queue), 0);
    });
  });
}
