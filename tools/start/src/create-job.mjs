import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { App } from '@pool/app';

const compress = promisify(gzip);

/**
 * @typedef {object} Packed What the task gives back.
 * @property {number} bytesIn
 * @property {number} bytesOut After gzip.
 * @property {string} sha256 Of the file as it is.
 * @property {number} pid The process in which it ran.
 */

/**
 * Makes the app of the main job, for its producer and for its worker.
 * @param {string} home The folder for the broker and the results.
 */
export function createJob(home) {
  const app = new App('start', {
    broker: `filesystem://${join(home, 'broker')}`,
    resultBackend: `filesystem://${join(home, 'results')}`,
  });
  const pack = app.task(
    'start.pack',
    { params: ['path'] },
    /** @param {string} path @returns {Promise<Packed>} */
    async (path) => {
      const bytes = await readFile(path);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const packed = await compress(bytes);
      return { bytesIn: bytes.length, bytesOut: packed.length, sha256, pid: process.pid };
    },
  );
  return { app, pack };
}
