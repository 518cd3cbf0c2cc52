import { isUnableForNow } from '@pool/redis';

/** Refusals that concern whoever asks, not what is asked: a login to renew, a key that is another node's. */
const ELSEWHERE = /^(NOAUTH|UNBLOCKED|MOVED|ASK)\b/;

/** Why a server said no; of a transaction the reason behind its end. */
export function reasonOf(error: unknown): string {
  const { message, previousErrors } = error as Error & { previousErrors?: readonly Error[] };
  return message.startsWith('EXECABORT') ? (previousErrors?.[0]?.message ?? message) : message;
}

/** The server is there, can be worked with, and says no to this command: out of memory, not allowed, wrong type. */
export function isRefusal(error: unknown): boolean {
  const reason = reasonOf(error);
  return (error as Error).name === 'ReplyError' && !isUnableForNow(reason) && !ELSEWHERE.test(reason);
}

export function isOutOfMemory(error: unknown): boolean {
  return /^OOM\b/.test(reasonOf(error));
}

/** The server does not let this user do it. */
export function isForbidden(error: unknown): boolean {
  return /^NOPERM\b/.test(reasonOf(error));
}
