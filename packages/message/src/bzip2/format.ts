export const BLOCK_MAGIC: readonly [number, number] = [0x314159, 0x265359];
export const END_MAGIC: readonly [number, number] = [0x177245, 0x385090];

/** Symbols that share one selector. */
export const GROUP_SIZE = 50;
export const MAX_GROUPS = 6;
/** Bytes of a block for each step of the level. */
export const LEVEL_BYTES = 100_000;
/** The two digits of a run of zeros; bytes follow. */
export const RUN_A = 0;
export const RUN_B = 1;
