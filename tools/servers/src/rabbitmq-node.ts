import { join } from 'node:path';
import { run } from './run.js';

const CTL = '/usr/lib/rabbitmq/bin/rabbitmqctl';

/** What tells one node of RabbitMQ from others. Plain data, which another process can have. */
export interface RabbitmqAddress {
  readonly port: number;
  /** Where its files are. */
  readonly folder: string;
  readonly epmdPort: number;
}

/** A node of RabbitMQ that runs on 127.0.0.1, whoever started it; with user and password `guest`. */
export class RabbitmqNode {
  readonly address: RabbitmqAddress;

  constructor(address: RabbitmqAddress) {
    this.address = address;
  }

  get port(): number {
    return this.address.port;
  }

  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${this.port}//`;
  }

  /** Runs `rabbitmqctl` on it, which takes a second or two, and gives what it prints. */
  async ctl(...args: string[]): Promise<string> {
    return await run(CTL, ['--quiet', ...args], environmentOf(this.address));
  }

  /** Makes a virtual host, with queues and exchanges of its own, and gives its URL. */
  async addVhost(name: string): Promise<string> {
    const [host, guest, all] = [name, 'guest', '.*'].map((text) => `<<"${text}">>`);
    // One call of an Erlang node rather than two.
    await this.ctl(
      'eval',
      `ok = rabbit_vhost:add(${host}, ${guest}),
       ok = rabbit_auth_backend_internal:set_permissions(${guest}, ${host}, ${all}, ${all}, ${all}, ${guest}).`,
    );
    return this.url.replace(/\/$/, name);
  }
}

/** The environment in which RabbitMQ's programs mean this node, and may talk to it. */
export function environmentOf({ port, folder, epmdPort }: RabbitmqAddress): Record<string, string> {
  return {
    // The Erlang cookie is kept in the home folder.
    HOME: folder,
    ERL_EPMD_PORT: String(epmdPort),
    RABBITMQ_NODENAME: `pool-${port}@localhost`,
    RABBITMQ_CONF_ENV_FILE: join(folder, 'rabbitmq-env.conf'),
    // A client that is killed leaves nothing in the folder it was run in.
    ERL_CRASH_DUMP_SECONDS: '0',
  };
}
