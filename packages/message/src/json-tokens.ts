/**
 * Rewrites what JSON.parse cannot read faithfully into strings that start with `marker`: the bare NaN and Infinity
 * that Python writes, and (with `integers`) integers of 16 and more digits. Linear in the length of the text,
 * whatever the text is.
 */
export function quoteTokens(text: string, marker: string, integers: boolean): string {
  let rewritten = '';
  let copied = 0;
  let i = 0;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfString(text, i + 1);
      continue;
    }
    const end = endOfToken(text, i, code, integers);
    if (end > i) {
      rewritten += `${text.slice(copied, i)}"${marker}${text.slice(i, end)}"`;
      copied = i = end;
      continue;
    }
    i = isDigit(code) ? endOfNumber(text, i) : i + 1;
  }
  return rewritten + text.slice(copied);
}

/** The value of a token that `quoteTokens` quoted. */
export function tokenValue(token: string): number | bigint {
  const number = Number(token);
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? BigInt(token) : number;
}

const QUOTE = 34;
const BACKSLASH = 92;
const MINUS = 45;
const WORDS: readonly string[] = ['NaN', 'Infinity', '-Infinity'];

function endOfString(text: string, start: number): number {
  let i = start;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) return i + 1;
    i += code === BACKSLASH ? 2 : 1;
  }
  return text.length;
}

/** End of a token to quote at `i`, or `i` when there is none. */
function endOfToken(text: string, i: number, code: number, integers: boolean): number {
  for (const word of WORDS) {
    if (word.charCodeAt(0) === code && text.startsWith(word, i)) return i + word.length;
  }
  if (!integers || !(code === MINUS || isDigit(code))) return i;
  let end = code === MINUS ? i + 1 : i;
  const first = end;
  while (isDigit(text.charCodeAt(end))) end++;
  const legal = end - first >= 16 && text.charCodeAt(first) !== 48;
  return legal && !NUMBER_PART.has(text[end] ?? '') ? end : i;
}

function endOfNumber(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && (isDigit(text.charCodeAt(i)) || NUMBER_PART.has(text[i] ?? ''))) i++;
  return i;
}

const NUMBER_PART: ReadonlySet<string> = new Set(['.', 'e', 'E', '+', '-']);

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
