import { writeSync } from 'node:fs';
import { afterAll, beforeAll, inject } from 'vitest';
import { ServerMissingError } from './errors.js';
import { RabbitmqNode } from './rabbitmq-node.js';
import { type ServerName, type Servers, startServer } from './servers.js';

/** A test or a suite, as far as it is needed to skip it. */
interface Task {
  mode: string;
  tasks?: Task[];
}

/**
 * Gives the tests of a file a running server, which is stopped after them. Call it first in the file, at its top:
 *
 *     const redis = await requireServer('redis');
 *     test('…', async () => { connect(redis.url) … });
 *
 * Without the server on this machine, and no way to install it, all tests of the file are skipped and the reason is
 * printed; with `CI` set the file fails instead.
 */
export async function requireServer<Name extends ServerName>(
  name: Name,
  options?: Servers[Name]['options'],
): Promise<Servers[Name]['server']> {
  return await required(name, () => startServer(name, options));
}

/**
 * As {@link requireServer}, for anything else that may be missing on a machine, such as
 * `requirePart('celery', () => python())`.
 * @param start Gives the part, or fails with a {@link ServerMissingError}. What it gives is stopped if it can be.
 */
export async function requirePart<T extends object | string>(
  name: string,
  start: () => Promise<T>,
): Promise<T> {
  return await required(name, start);
}

/**
 * The RabbitMQ of all files of a project with `globalSetup: '@pool/servers/shared-rabbitmq'`. Others use it at the same
 * time: name queues apart or make a virtual host, and do nothing to the server itself.
 */
export async function requireSharedRabbitmq(): Promise<RabbitmqNode> {
  return await required('rabbitmq', async () => {
    const address = inject('sharedRabbitmq');
    if ('missing' in address) throw new ServerMissingError(address.missing);
    return new RabbitmqNode(address);
  });
}

async function required<T extends object | string>(name: string, start: () => Promise<T>): Promise<T> {
  let part: T;
  try {
    part = await start();
  } catch (error) {
    if (!(error instanceof ServerMissingError) || process.env['CI']) throw error;
    // Past vitest, which keeps the console of skipped tests to itself with some reporters.
    writeSync(2, `SKIPPED, for want of ${name}: ${error.message}\n`);
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads the first argument's pattern, and gives the file second.
    beforeAll(({}, file) => skip(file as unknown as Task));
    return standIn(error);
  }
  afterAll(async () => {
    if (typeof part === 'object' && 'stop' in part && typeof part.stop === 'function') await part.stop();
  }, 60_000);
  return part;
}

function skip(task: Task): void {
  for (const child of task.tasks ?? []) {
    child.mode = 'skip';
    skip(child);
  }
}

/** Stands where the server would: skipped tests never touch it, and whoever else does is told why there is none. */
function standIn<T>(error: Error): T {
  const complain = (): never => {
    throw error;
  };
  const get = (_: unknown, key: string | symbol) => (key === 'then' ? undefined : complain());
  return new Proxy(complain, { get, has: complain, set: complain, ownKeys: complain }) as T;
}
