import type { ChildExit } from './child.js';
import type { ChildLink } from './child-link.js';
import type { PoolLogger } from './logger.js';

/** What a crew needs of its pool. */
export interface CrewHost {
  newLink(index: number): ChildLink;
  /** Spawns the child and connects it to its link. */
  spawn(link: ChildLink): Promise<void> | undefined;
  readonly logger: PoolLogger;
  /** There are more children to give jobs to, or others. */
  capacityChanged(): void;
  spawning(): void;
  spawned(link: ChildLink): void;
  ready(link: ChildLink): void;
  recycled(link: ChildLink, reason: string): void;
  lost(link: ChildLink, exit: ChildExit): void;
  unhealthy(failures: number, delay: number, error: Error): void;
  healthy(): void;
}
