import { isUnableForNow } from '@pool/redis';

/** The server cannot do it for now, or has no room for it. */
export function isForNow(error: unknown): boolean {
  const { message } = error as Error;
  return isUnableForNow(message) || /^OOM\b|^Too many Cluster redirections/.test(message);
}

/** This server is none to write to any more: another one is. */
export function isDemoted(error: unknown): boolean {
  return /^READONLY\b/.test((error as Error).message);
}
