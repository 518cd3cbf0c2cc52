import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findCommand, findOrInstall } from './install.js';
import { OneProcessServer } from './server.js';
import { ServerProcess } from './server-process.js';

const JARS = '/usr/share/java';

/** How a ZooKeeper server is set up. */
export interface ZookeeperOptions {
  /** The port to use; a free one by default. */
  port?: number;
  /** Seconds a tick lasts; sessions live 2 to 20 ticks without a sign of life. 0.5 by default. */
  tick?: number;
  /** More lines for zoo.cfg. */
  config?: readonly string[];
}

/** A running ZooKeeper server. */
export class ZookeeperServer extends OneProcessServer {
  get url(): string {
    return `zookeeper://${this.host}:${this.port}`;
  }
}

/** Finds ZooKeeper and Java, or installs them. */
export async function ensureZookeeper(): Promise<string> {
  return await findOrInstall('zookeeper', ['zookeeper', 'default-jre-headless'], () =>
    existsSync(join(JARS, 'zookeeper.jar')) ? findCommand('java') : undefined,
  );
}

/** Starts a ZooKeeper server on a free port of 127.0.0.1. */
export async function startZookeeper(options: ZookeeperOptions = {}): Promise<ZookeeperServer> {
  const file = await ensureZookeeper();
  const process = await ServerProcess.start({
    name: 'zookeeper',
    port: options.port,
    async command(port, folder) {
      const config = join(folder, 'zoo.cfg');
      await mkdir(join(folder, 'data'), { recursive: true });
      await writeFile(config, zooConfig(port, folder, options));
      return {
        file,
        args: [
          ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
          // First in the path is the logger that prints.
          ...['-cp', `${JARS}/slf4j-simple.jar:${JARS}/*`],
          ...['org.apache.zookeeper.server.ZooKeeperServerMain', config],
        ],
        ready: /PrepRequestProcessor .* started/,
      };
    },
  });
  return new ZookeeperServer(process);
}

function zooConfig(port: number, folder: string, options: ZookeeperOptions): string {
  return [
    `clientPort=${port}`,
    'clientPortAddress=127.0.0.1',
    `dataDir=${join(folder, 'data')}`,
    'admin.enableServer=false',
    `tickTime=${Math.round((options.tick ?? 0.5) * 1000)}`,
    'maxClientCnxns=0',
    '4lw.commands.whitelist=*',
    ...(options.config ?? []),
    '',
  ].join('\n');
}
