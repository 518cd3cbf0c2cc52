import { randomUUID } from 'node:crypto';

/** Differs between any two loads of the targets, and so between any two children. */
export const incarnation: string = randomUUID();
