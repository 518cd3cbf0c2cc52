import { createHash } from 'node:crypto';

/** Ids come with messages, from anywhere: what could leave the folder or is too long for a name is changed. */
const plain = /^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,199}$/;

/** An id as part of a file's name. UUIDs, and all that is harmless, stay as they are, as Celery names its files. */
export function fileNameOf(id: string): string {
  if (plain.test(id)) return id;
  const escaped = Array.from(Buffer.from(id), (byte) => {
    const char = String.fromCharCode(byte);
    return /[A-Za-z0-9_-]/.test(char) ? char : `%${byte.toString(16).padStart(2, '0')}`;
  }).join('');
  if (escaped.length > 0 && escaped.length <= 200) return escaped;
  return `%${createHash('sha256').update(id).digest('hex')}`;
}
