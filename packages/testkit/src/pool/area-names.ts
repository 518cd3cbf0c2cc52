/** The parts of the suite, in the order they run. */
export const areaNames = [
  'capabilities',
  'lifecycle',
  'jobs',
  'callbacks',
  'errors',
  'payloads',
  'concurrency',
  'limits',
  'soft-limits',
  'terminate',
  'close',
  'flush',
  'resize',
  'restart',
  'recycle',
  'loss',
  'isolation',
  'info',
  'events',
  'process',
] as const;

export type AreaName = (typeof areaNames)[number];
