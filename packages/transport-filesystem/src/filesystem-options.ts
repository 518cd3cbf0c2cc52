import { join, resolve } from 'node:path';
import type { BrokerUrl, VirtualTransportOptions } from '@pool/transport';
import { InvalidBrokerUrlError } from '@pool/transport';
import type { DiskFolders } from './disk/protocol.js';

/** Options of the file-system transport. Paths are taken from the working directory. Durations are seconds. */
export interface FilesystemTransportOptions extends VirtualTransportOptions {
  /** Where messages are taken from. @default the folder of the URL */
  dataFolderIn?: string;
  /** Where messages are published to: another program's `dataFolderIn`. @default `dataFolderIn` */
  dataFolderOut?: string;
  /** Where bindings are kept. All programs that share exchanges share it. @default `<folder>/control` */
  controlFolder?: string;
  /** Keep messages that were acked, in `processedFolder`. Nothing ever deletes them there. @default false */
  storeProcessed?: boolean;
  /** @default `<folder>/processed` */
  processedFolder?: string;
  /** Where messages go that cannot be handled. @default `<folder>/rejected` */
  rejectedFolder?: string;
  /** The most messages kept in `rejectedFolder`; the oldest go first. @default 1000 */
  maxSetAside?: number;
  /**
   * Flush each message to the device before its publish counts as done, so that it outlives a power failure. It
   * outlives the death of any process without that. @default false
   */
  fsync?: boolean;
  /**
   * The most files of acked messages kept in `<folder>/.spare`, to be written again: some file systems are slow to make
   * a file for each message. They keep their last content until then. Only files up to 4 KiB are kept. @default 10000
   */
  maxSpareFiles?: number;
  /** How often to look for messages of dead processes. @default 1 */
  restoreInterval?: number;
  /**
   * A process on another host, or in another container, counts as dead when it has shown no sign of life for this
   * long. Of a process that can be asked for by its id, death is noticed at once, and silence means nothing.
   * @default 30
   */
  lease?: number;
}

/** The folders that a URL and its options mean. */
export function foldersOf(url: BrokerUrl, options: FilesystemTransportOptions): DiskFolders {
  const folder = url.path === '' ? options.dataFolderIn : url.path;
  if (folder === undefined) {
    throw new InvalidBrokerUrlError('a filesystem: URL needs a folder: filesystem://path/to/folder');
  }
  const home = resolve(folder);
  const dataIn = options.dataFolderIn === undefined ? home : resolve(options.dataFolderIn);
  return {
    in: dataIn,
    out: options.dataFolderOut === undefined ? dataIn : resolve(options.dataFolderOut),
    control: resolve(options.controlFolder ?? join(home, 'control')),
    rejected: resolve(options.rejectedFolder ?? join(home, 'rejected')),
    processed:
      options.storeProcessed === true
        ? resolve(options.processedFolder ?? join(home, 'processed'))
        : undefined,
  };
}
