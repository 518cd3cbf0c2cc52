import { spawnSync } from 'node:child_process';
import { createCodec } from '@pool/message';

/** A request to `fixtures/celery_peer.py`; `op` names the function there. */
export type PeerRequest = { op: string } & Record<string, unknown>;

const PYTHON = '/usr/bin/python3';
const SCRIPT = new URL('./fixtures/celery_peer.py', import.meta.url).pathname;

/** Answers of real Celery and kombu to all requests, from one short-lived Python process. */
export function askCelery<T = unknown>(requests: readonly PeerRequest[]): T[] {
  const run = spawnSync(PYTHON, [SCRIPT], {
    input: JSON.stringify(requests),
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (run.status !== 0) throw new Error(`${PYTHON} failed: ${run.error?.message ?? run.stderr}`);
  // Python writes NaN bare and integers of any size, which JSON.parse cannot read.
  const content = { contentType: 'application/json', contentEncoding: 'utf-8', headers: {} };
  const answers = createCodec().decodePlain({ body: Buffer.from(run.stdout), ...content }) as {
    ok?: T;
    error?: string;
  }[];
  return answers.map(({ ok, error }, index) => {
    if (error !== undefined) throw new Error(`${requests[index]?.op}: ${error}`);
    return ok as T;
  });
}

export interface PeerVersion {
  kombu: [number, number];
  python: [number, number];
}

/** Versions of the installed peer; null when there is none. */
export function celeryVersion(): PeerVersion | null {
  const found = spawnSync(PYTHON, ['-c', 'import celery, kombu'], { timeout: 60_000 });
  if (found.status !== 0) return null;
  return askCelery<PeerVersion>([{ op: 'version' }])[0] ?? null;
}
