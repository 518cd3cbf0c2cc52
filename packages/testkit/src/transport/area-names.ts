/** The parts of the suite, in the order they run. */
export const areaNames = [
  'lifecycle',
  'capabilities',
  'queues',
  'messages',
  'consuming',
  'prefetch',
  'settling',
  'returning',
  'pausing',
  'routing',
  'fanout',
  'topic',
  'priorities',
  'expiry',
  'delay',
  'aside',
  'crash',
  'process',
] as const;

export type AreaName = (typeof areaNames)[number];
