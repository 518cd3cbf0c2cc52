import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transportConformance } from '@pool/testkit/transport';
import { FilesystemTransport } from '@pool/transport-filesystem';
import { describe, it } from 'vitest';

const folderOf = (place: string): string => join(tmpdir(), `pool-filesystem-${place}`);

transportConformance({
  describe,
  it,
  name: 'filesystem',
  url: (place) => `filesystem://${folderOf(place)}`,
  create: (url, options) => new FilesystemTransport(url, options),
  clean: (place) => rm(folderOf(place), { recursive: true, force: true }),
  module: { url: import.meta.resolve('@pool/transport-filesystem') },
  putMalformed: async (place, queue) => {
    await mkdir(folderOf(place), { recursive: true });
    const name = `91234567890123456_${randomUUID()}.${queue}.msg`;
    await writeFile(join(folderOf(place), name), '{"body": ');
  },
  reasonsAside: async (place) => {
    const folder = join(folderOf(place), 'rejected');
    const names = (await readdir(folder)).filter((name) => name.endsWith('.reason.json'));
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
    return texts.map((text) => (JSON.parse(text) as { reason: string }).reason);
  },
});
