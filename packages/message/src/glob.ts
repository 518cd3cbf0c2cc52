/** Python's `fnmatchcase`: `*`, `?`, `[abc]`, `[a-z]` and `[!abc]`. Takes time linear in pattern × text at worst. */
export function globMatch(text: string, pattern: string): boolean {
  let t = 0;
  let p = 0;
  let star = -1;
  let retry = 0;
  while (t < text.length) {
    const next = matchOne(pattern, p, text[t] ?? '');
    if (pattern[p] === '*') {
      star = p++;
      retry = t;
    } else if (next > p) {
      p = next;
      t++;
    } else if (star !== -1) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** Index behind the pattern element at `p` if it matches `char`, else -1. */
function matchOne(pattern: string, p: number, char: string): number {
  const element = pattern[p];
  if (element === undefined || element === '*') return -1;
  if (element === '?') return p + 1;
  const close = element === '[' ? closingBracket(pattern, p) : -1;
  if (close === -1) return element === char ? p + 1 : -1;
  return inSet(pattern.slice(p + 1, close), char) ? close + 1 : -1;
}

/** A `]` that comes first in a set belongs to it. */
function closingBracket(pattern: string, open: number): number {
  const first = pattern[open + 1] === '!' ? open + 2 : open + 1;
  return pattern.indexOf(']', first + 1);
}

function inSet(set: string, char: string): boolean {
  const negated = set.startsWith('!');
  const members = negated ? set.slice(1) : set;
  let found = false;
  for (let i = 0; i < members.length; i++) {
    const from = members[i] ?? '';
    if (members[i + 1] === '-' && i + 2 < members.length) {
      found ||= from <= char && char <= (members[i + 2] ?? '');
      i += 2;
    } else {
      found ||= from === char;
    }
  }
  return found !== negated;
}
