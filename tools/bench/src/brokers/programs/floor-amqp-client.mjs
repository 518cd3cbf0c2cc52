// node floor-amqp-client.mjs produce N: persistent messages of Celery's, each confirmed.
import { print, rate, waves } from './client.mjs';
import { amqpUrl, requirePeer } from './peers.mjs';

const count = Number(process.argv[3]);
const connection = await requirePeer('amqplib').connect(amqpUrl);
const channel = await connection.createConfirmChannel();
const headers = {
  ...{ lang: 'js', task: 'bench.noop', id: '', shadow: null, eta: null, expires: null, group: null },
  ...{ group_index: null, retries: 0, timelimit: [null, null], root_id: '', parent_id: null },
  ...{ argsrepr: '(2, 3)', kwargsrepr: '{}', origin: 'floor', ignore_result: false },
};
/** @param {number} i */
const send = (i) =>
  new Promise((resolve, reject) => {
    const id = crypto.randomUUID();
    const body = JSON.stringify([[i, 1], {}, { callbacks: null, errbacks: null, chain: null, chord: null }]);
    channel.sendToQueue(
      'celery',
      Buffer.from(body),
      {
        ...{ headers: { ...headers, id, root_id: id }, correlationId: id, contentType: 'application/json' },
        ...{ contentEncoding: 'utf-8', persistent: true, priority: 0 },
      },
      (/** @type {Error | null} */ error) => (error === null ? resolve(undefined) : reject(error)),
    );
  });
await send(0);
print(rate(count, await waves(count, send)));
process.exit(0);
