import type { ChildLink } from './child-link.js';
import type { Scheduling } from './child-pool-options.js';

/** How jobs were spread over the children, under Celery's keys (`celery.concurrency.prefork.TaskPool._get_info`). */
export function writesInfo(
  links: readonly ChildLink[],
  total: number,
  strategy: Scheduling,
): Record<string, unknown> {
  const counts = links.map((link) => link.assigned);
  const share = (n: number): string => `${total === 0 ? '0.00' : ((n / total) * 100).toFixed(2)}%`;
  return {
    total,
    avg: share(counts.length === 0 ? 0 : total / counts.length),
    all: counts.map(share).join(', '),
    raw: counts.join(', '),
    strategy,
    inqueues: {
      total: links.length,
      active: links.filter((link) => link.held.length > 0).length,
    },
  };
}
