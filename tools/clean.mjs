// Deletes the calling package's dist, so that a failed or renamed compile leaves nothing behind to be packed or cached.
import { rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
