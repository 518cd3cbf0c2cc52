// CPU time of one envelope, read and written, beside the naive way. Run after a build: node bench/envelope.mjs
import {
  decodeEnvelope,
  decodeTaskBody,
  encodeEnvelope,
  encodeTaskMessage,
  parseTaskHeaders,
} from '@pool/message';

const CALLS = 50_000;
const ROUNDS = 15;
const task = {
  task: 'demo.add',
  id: crypto.randomUUID(),
  args: [2, 3],
  origin: 'gen1@host',
  replyTo: 'reply',
};
const message = encodeTaskMessage(task);
const options = { exchange: '', routingKey: 'celery', deliveryTag: crypto.randomUUID() };
const text = encodeEnvelope(message, options);
const bytes = Buffer.from(text);
const parsed = JSON.parse(text);
const naive = () => {
  const envelope = JSON.parse(text);
  return [envelope, Buffer.from(envelope.body, 'base64')];
};

const cases = {
  'naive: JSON.parse + base64': naive,
  'naive: JSON.parse + base64 + body parse': () => JSON.parse(naive()[1].toString()),
  'decodeEnvelope(string)': () => decodeEnvelope(text),
  'decodeEnvelope(bytes)': () => decodeEnvelope(bytes),
  'decodeEnvelope(string) + parseTaskHeaders': () => parseTaskHeaders(decodeEnvelope(text).message),
  decodeTaskBody: () => decodeTaskBody(message),
  'naive: base64 + JSON.stringify': () =>
    JSON.stringify({ ...parsed, body: Buffer.from(message.body).toString('base64') }),
  encodeEnvelope: () => encodeEnvelope(message, options),
  encodeTaskMessage: () => encodeTaskMessage(task),
};

// Rounds take turns, so that a slow moment of the machine hits all alike.
const best = new Map();
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, run] of Object.entries(cases)) {
    const start = process.cpuUsage().user;
    for (let i = 0; i < CALLS; i++) run();
    best.set(
      name,
      Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, (process.cpuUsage().user - start) / CALLS),
    );
  }
}
console.log(`envelope of ${text.length} characters, best of ${ROUNDS} rounds of ${CALLS}`);
for (const [name, micros] of best) console.log(`${micros.toFixed(2).padStart(6)} µs  ${name}`);
