/** What can be scaffolded. */
export const kinds = ['pool', 'transport'] as const;

export type Kind = (typeof kinds)[number];
