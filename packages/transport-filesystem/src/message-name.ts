import { randomUUID } from 'node:crypto';

// A message file is named `<number>_<uuid4>.<queue>.msg`, as kombu names it. Our number is the urgency (9 minus the
// priority) and the time in microseconds, 17 digits in all, so that sorted names serve urgent messages first and old
// ones before new ones. `_r2` after the UUID says that the message was delivered twice before.
const countPattern = /_r(\d+)$/;
const ownDigits = 17;
const maxNameBytes = 255;
// What cannot be in a file name, and our own escape character. Kombu writes all else as it is, and so do we.
const unsafe = process.platform === 'win32' ? /[\p{Cc}%/\\:*?"<>|]/gu : /[\p{Cc}%/\\]/gu;
let lastMicros = 0;

/** The part of a file name that stands for a queue. */
export function encodeQueue(queue: string): string {
  return queue.replace(unsafe, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** Whether the file system can hold messages of a queue of this name. */
export function fitsFileName(queue: string): boolean {
  return Buffer.byteLength(encodeQueue(queue)) <= maxNameBytes - 80;
}

/** A new name for a message of this queue; later ones sort after earlier ones of the same priority. */
export function createMessageName(encodedQueue: string, priority: number): string {
  lastMicros = Math.max(Date.now() * 1000, lastMicros + 1);
  const urgency = 9 - Math.min(9, Math.floor(priority));
  return `${urgency}${String(lastMicros).padStart(16, '0')}_${randomUUID()}.${encodedQueue}.msg`;
}

/** The encoded queue a file belongs to, or `undefined` if it is no message. */
export function queueOfName(name: string): string | undefined {
  if (!name.endsWith('.msg')) return undefined;
  const dot = name.indexOf('.');
  return dot < 0 || dot >= name.length - 4 ? undefined : name.slice(dot + 1, -4);
}

/** The key by which names are served. */
export function sortKeyOf(name: string): string {
  const underscore = name.indexOf('_');
  const digits = underscore < 0 ? '' : name.slice(0, underscore);
  if (digits.length === ownDigits) return name;
  // Kombu counts milliseconds from the start of its machine and knows no priority: least urgent, oldest first.
  return /^\d{1,16}$/.test(digits) ? `9${digits.padStart(16, '0')}` : `9${'9'.repeat(16)}${name}`;
}

/** Whether a name was made by `createMessageName`, and the file thus appeared complete. */
export function isOwnName(name: string): boolean {
  return name.indexOf('_') === ownDigits;
}

/** Unix milliseconds of publishing, if the name tells. */
export function publishedAtOf(name: string): number | undefined {
  return isOwnName(name) ? Number(name.slice(1, ownDigits)) / 1000 : undefined;
}

/** How many times the message was delivered before. */
export function deliveryCountOf(name: string): number {
  const dot = name.indexOf('.');
  const match = countPattern.exec(dot < 0 ? name : name.slice(0, dot));
  return match === null ? 0 : Number(match[1]);
}

/** The name of the same message, after one more delivery. It keeps its place in the order. */
export function redeliveredName(name: string): string {
  const dot = name.indexOf('.');
  const stem = name.slice(0, dot).replace(countPattern, '');
  return `${stem}_r${deliveryCountOf(name) + 1}${name.slice(dot)}`;
}
