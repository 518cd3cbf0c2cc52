import type { EventEmitter } from 'node:events';
import type { ChildLink } from './child-link.js';
import type { CrewHost } from './crew-host.js';
import type { ChildEvent, PoolEvents } from './pool-events.js';

type CrewEvents = Pick<
  CrewHost,
  'spawning' | 'spawned' | 'ready' | 'recycled' | 'lost' | 'unhealthy' | 'healthy'
>;

/** Tells a pool's listeners what its crew goes through. */
export function crewEvents(pool: Pick<EventEmitter<PoolEvents>, 'emit'>): CrewEvents {
  const event = (link: ChildLink): ChildEvent => ({ index: link.index, pid: link.pid });
  return {
    spawning: () => void pool.emit('beforeChildCreate'),
    spawned: (link) => void pool.emit('childSpawned', event(link)),
    ready: (link) => void pool.emit('childReady', event(link)),
    recycled: (link, reason) => void pool.emit('childRecycled', { ...event(link), reason }),
    lost: (link, { exitCode, signal }) =>
      void pool.emit('childLost', {
        ...event(link),
        exitCode,
        signal,
        phase: link.readyAt === 0 ? 'starting' : link.started > 0 ? 'running' : 'idle',
      }),
    unhealthy: (failures, delay, error) => void pool.emit('unhealthy', { failures, delay, error }),
    healthy: () => void pool.emit('healthy'),
  };
}
