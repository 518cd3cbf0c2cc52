import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { holdUntilAside } from '@pool/transport';
import { expect, it } from 'vitest';
import { createFolder, open, send, take, until } from './support/folder.js';

it('a message that cannot be set aside is held, and tried again until it can', async () => {
  const folder = await createFolder();
  const rejected = join(folder, 'refused');
  const transport = await open(folder, { rejectedFolder: rejected });
  await rm(rejected, { recursive: true, force: true });
  // Where the folder should be, there is something else.
  await writeFile(rejected, '');
  await send(transport, 'q', ['bad']);
  const [bad] = await take(transport, 'q', 1, () => {});
  const failures: Error[] = [];
  if (bad === undefined) expect.unreachable();
  const aside = holdUntilAside(transport, bad, 'no sense', { onFailed: (error) => failures.push(error) });
  await until(() => failures.length > 0, 'it has failed');
  expect(failures[0]).toMatchObject({ code: expect.stringMatching(/EEXIST|ENOTDIR/) });
  expect(transport.holds(bad)).toBe(true);
  await rm(rejected);
  expect(await aside).toBe(true);
  expect(failures).toHaveLength(1);
  // It was never given back, and the connection never given up.
  expect(transport.stats).toMatchObject({ delivered: 1, requeued: 0, setAside: 1, reconnects: 0 });
});
