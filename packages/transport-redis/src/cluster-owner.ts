import type { ClusterOptions } from 'ioredis';
import { reasonOf } from './server-errors.js';

/** Where a node of a cluster listens. */
export interface Node {
  readonly host: string;
  readonly port: number;
}

/** How often a node may send us on: each of those asked may know less than the next. */
const MOST_HOPS = 8;

/**
 * Finds the node of a cluster that keeps a key. Whoever is asked for a key that it does not keep says who does, so that any
 * node will do, and no command is needed that a user may lack the right to.
 *
 * @param exists asks a node whether there is such a key
 */
export async function ownerOf(
  start: Node,
  exists: (node: Node) => Promise<unknown>,
  natMap: ClusterOptions['natMap'],
): Promise<Node> {
  let node = start;
  for (let hop = 0; hop < MOST_HOPS; hop++) {
    try {
      await exists(node);
      return node;
    } catch (error) {
      const [, host, port] = /^MOVED \d+ (\S*):(\d+)$/.exec(reasonOf(error)) ?? [];
      if (port === undefined) throw error;
      // A node that does not know its own address means the one it was reached at.
      const moved = { host: host || node.host, port: Number(port) };
      const key = `${moved.host}:${moved.port}`;
      node = (typeof natMap === 'function' ? natMap(key) : natMap?.[key]) ?? moved;
    }
  }
  throw new Error('the nodes of the cluster do not agree on who keeps its keys');
}
