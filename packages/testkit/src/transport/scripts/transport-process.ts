/**
 * A process of its own that uses a transport, for what can only be seen from outside. Its argument says what to do; what
 * it saw goes to stdout, a line of JSON each time.
 */
import { type Delivery, parseBrokerUrls, type Transport, type TransportFactory } from '@pool/transport';

/** What the process is told. */
export interface TransportProcessOrder {
  readonly play: 'import' | 'round-trip' | 'publish' | 'hold' | 'work';
  readonly module: string;
  readonly export: string;
  readonly url: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly queue: string;
  readonly count: number;
}

const order = JSON.parse(process.argv[2] ?? '{}') as TransportProcessOrder;

function tell(message: unknown): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

const textOf = (delivery: Delivery): string => Buffer.from(delivery.message.body).toString('utf8');

async function load(): Promise<Transport> {
  const namespace = (await import(order.module)) as Record<string, unknown>;
  const factory = namespace[order.export];
  if (typeof factory !== 'function') throw new Error(`${order.module} does not export ${order.export}`);
  return (factory as TransportFactory)(parseBrokerUrls(order.url), order.options);
}

async function connected(): Promise<Transport> {
  const transport = await load();
  await transport.connect();
  await transport.declareQueue({ name: order.queue });
  return transport;
}

function publish(transport: Transport): Promise<unknown> {
  const publishes = Array.from({ length: order.count }, (_, i) => {
    const message = {
      body: Buffer.from(`child ${i}`),
      contentType: 'text/plain',
      contentEncoding: 'utf-8',
      headers: {},
      properties: {},
    };
    return transport.publish(message, { routingKey: order.queue });
  });
  return Promise.all(publishes);
}

/** What keeps the process alive. Requests come and go by themselves and do not count. */
function holdings(): string[] {
  return process.getActiveResourcesInfo().filter((name) => !name.includes('Req'));
}

async function importOnly(): Promise<void> {
  // Stdout opens with the first line, stderr when somebody looks at it.
  void process.stderr.isTTY;
  tell({ event: 'up' });
  const before = holdings();
  await load();
  await new Promise((resolve) => setImmediate(resolve));
  const after = holdings();
  tell({ event: 'imported', added: after.slice(before.length) });
}

async function roundTrip(): Promise<void> {
  const transport = await connected();
  await publish(transport);
  await new Promise<void>((resolve, reject) => {
    let came = 0;
    const onDeliveries = (deliveries: Delivery[]): void => {
      for (const delivery of deliveries) delivery.ack();
      came += deliveries.length;
      if (came === order.count) resolve();
    };
    transport.consume({ queues: [order.queue], prefetch: 10, onDeliveries }).catch(reject);
  });
  await transport.close();
  tell({ event: 'closed', stats: transport.stats });
}

async function publishOnly(): Promise<void> {
  const transport = await connected();
  await publish(transport);
  await transport.close();
  tell({ event: 'published' });
}

/** Takes messages and does nothing with them, until it is killed. */
async function hold(): Promise<void> {
  const transport = await connected();
  const onDeliveries = (deliveries: Delivery[]): void =>
    tell({ event: 'held', texts: deliveries.map(textOf) });
  await transport.consume({ queues: [order.queue], prefetch: order.count, onDeliveries });
  tell({ event: 'consuming' });
}

/** Acks each message and tells of it, until it is killed. */
async function work(): Promise<void> {
  const transport = await connected();
  const onDeliveries = (deliveries: Delivery[]): void => {
    for (const delivery of deliveries) delivery.ack();
    tell({ event: 'worked', texts: deliveries.map(textOf) });
  };
  await transport.consume({ queues: [order.queue], prefetch: order.count, onDeliveries });
  tell({ event: 'consuming' });
}

const plays: Record<TransportProcessOrder['play'], () => Promise<void>> = {
  import: importOnly,
  'round-trip': roundTrip,
  publish: publishOnly,
  hold,
  work,
};

await plays[order.play]();
