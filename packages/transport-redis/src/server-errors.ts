import { certificateHint, isCertificateError, isUnableForNow, plainError } from '@pool/redis';
import { BrokerRefusedError, ConnectionError } from '@pool/transport';

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

/** What a server says that will not change by itself: no such user, right, database or command. */
const LASTING =
  /^(WRONGPASS|NOAUTH|NOPERM|DENIED|WRONGTYPE)\b|^ERR (invalid password|unknown command|.*\bAUTH\b|.*\bDB index\b|SELECT is not allowed)/;

/** Why there is no connection that can be worked with. `message` ends where the reason of `error` is to follow. */
export function connectionError(message: string, error: unknown): ConnectionError {
  const cause = plainError(error);
  const reason = reasonOf(error) || cause.message;
  const lasting =
    (cause.name === 'ReplyError' && LASTING.test(reason)) ||
    cause.name === MissingRightsError.name ||
    isCertificateError(cause);
  const Reason = lasting ? BrokerRefusedError : ConnectionError;
  return new Reason(`${message}: ${reason}${certificateHint(cause)}`, { cause });
}

/** What a user may not do that has to be done. */
export class MissingRightsError extends Error {
  override readonly name: string = 'MissingRightsError';
}

/** The server does not let this user do it. */
export function isForbidden(error: unknown): boolean {
  return /^NOPERM\b/.test(reasonOf(error));
}
