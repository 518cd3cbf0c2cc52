/** The parts of the suite, in the order they run. */
export const areaNames = [
  'lifecycle',
  'documents',
  'states',
  'waiting',
  'watching',
  'forget',
  'expiry',
  'groups',
  'chords',
] as const;

export type AreaName = (typeof areaNames)[number];
