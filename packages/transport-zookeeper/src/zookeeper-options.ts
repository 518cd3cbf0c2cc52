import type { VirtualTransportOptions } from '@pool/transport';

/** Options of the ZooKeeper transport. Durations are seconds. */
export interface ZookeeperTransportOptions extends VirtualTransportOptions {
  /** How long the servers keep a session, and what it holds, after it fell silent. @default 10 */
  sessionTimeout?: number;
  /** The most messages kept aside for each queue; the oldest go first. @default 10000 */
  maxSetAside?: number;
}
