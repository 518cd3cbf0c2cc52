import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { findOrInstall } from './install.js';
import { environmentOf, RabbitmqNode } from './rabbitmq-node.js';
import { OneProcessServer } from './server.js';
import { type ServerCommand, ServerProcess } from './server-process.js';

// The script in /usr/sbin changes user and folder and drops the environment; this one does as it is told.
const SCRIPT = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** How a RabbitMQ server is set up. */
export interface RabbitmqOptions {
  /** The port to use; a free one by default. */
  port?: number;
  /** Lines for rabbitmq.conf, e.g. `['heartbeat = 5']`. */
  config?: readonly string[];
}

/** A running RabbitMQ server, with user and password `guest`. */
export class RabbitmqServer extends OneProcessServer {
  readonly #epmd: ServerProcess;

  constructor(process: ServerProcess, epmd: ServerProcess) {
    super(process);
    this.#epmd = epmd;
  }

  get url(): string {
    return this.node.url;
  }

  /** What others may use it by, in this process or another. */
  get node(): RabbitmqNode {
    return new RabbitmqNode({
      port: this.port,
      folder: this.process.folder,
      epmdPort: this.#epmd.port,
    });
  }

  /** Runs `rabbitmqctl` on it, which takes a second or two, and gives what it prints. */
  ctl(...args: string[]): Promise<string> {
    return this.node.ctl(...args);
  }

  override async stop(): Promise<void> {
    await Promise.all([super.stop(), this.#epmd.stop()]);
  }
}

/** Finds RabbitMQ, or installs it. */
export async function ensureRabbitmq(): Promise<string> {
  return await findOrInstall('rabbitmq-server', ['rabbitmq-server'], () =>
    existsSync(SCRIPT) ? SCRIPT : undefined,
  );
}

/** Starts a RabbitMQ server on a free port of 127.0.0.1; takes about 3 seconds. */
export async function startRabbitmq(options: RabbitmqOptions = {}): Promise<RabbitmqServer> {
  const file = await ensureRabbitmq();
  // Nodes look each other up in epmd; a shared one would stay behind when the server ends.
  const epmd = await ServerProcess.start({
    name: 'epmd',
    command: (port) => ({
      file: 'epmd',
      // The second -d makes it say when it listens.
      args: ['-d', '-d', '-address', '127.0.0.1', '-port', String(port)],
      ready: /entering the main select\(\) loop/,
    }),
  });
  try {
    const distributionPort = await freePort();
    const server = await ServerProcess.start({
      name: 'rabbitmq',
      port: options.port,
      startTimeout: 120,
      command: (port, folder) =>
        rabbitmqCommand(file, port, folder, epmd.port, distributionPort, options.config ?? []),
    });
    return new RabbitmqServer(server, epmd);
  } catch (error) {
    await epmd.stop();
    throw error;
  }
}

async function rabbitmqCommand(
  file: string,
  port: number,
  folder: string,
  epmdPort: number,
  distributionPort: number,
  config: readonly string[],
): Promise<ServerCommand> {
  const path = (name: string) => join(folder, name);
  await mkdir(path('conf.d'), { recursive: true });
  await writeFile(path('enabled_plugins'), '[].');
  await writeFile(path('rabbitmq-env.conf'), '');
  await writeFile(
    path('rabbitmq.conf'),
    ['log.console = true', 'log.console.level = info', 'disk_free_limit.absolute = 1MB', ...config, ''].join(
      '\n',
    ),
  );
  return {
    file,
    args: [],
    ready: /Server startup complete/,
    env: {
      ...environmentOf({ port, folder, epmdPort }),
      RABBITMQ_NODE_PORT: String(port),
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_DIST_PORT: String(distributionPort),
      RABBITMQ_MNESIA_BASE: path('mnesia'),
      RABBITMQ_LOG_BASE: path('log'),
      RABBITMQ_PID_FILE: path('pid'),
      RABBITMQ_ENABLED_PLUGINS_FILE: path('enabled_plugins'),
      RABBITMQ_CONFIG_FILE: path('rabbitmq'),
      RABBITMQ_CONFIG_FILES: path('conf.d'),
      RABBITMQ_GENERATED_CONFIG_DIR: path('generated'),
      // Idle schedulers sleep rather than spin: tests share few cores.
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
        '-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none',
      // Input allowed makes the script become the server, so that signals reach it; -noinput takes the shell away again.
      RABBITMQ_ALLOW_INPUT: 'true',
      RABBITMQ_SERVER_START_ARGS: '-noinput',
    },
  };
}
