import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FilesystemResults } from '@pool/results-filesystem';
import { resultStoreConformance } from '@pool/testkit/results';
import { afterAll, describe, it } from 'vitest';

const root = mkdtempSync(join(tmpdir(), 'pool-results-'));

resultStoreConformance({
  describe,
  it,
  name: 'filesystem',
  create: (place, options) => new FilesystemResults(pathToFileURL(join(root, place)).href, options),
  clean: (place) => rm(join(root, place), { recursive: true, force: true }),
});

afterAll(() => rm(root, { recursive: true, force: true }));
