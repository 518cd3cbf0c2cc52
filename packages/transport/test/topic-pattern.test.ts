import { matchesTopic } from '@pool/transport';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** The same, the slow way. */
function matchesSlowly(pattern: string[], words: string[]): boolean {
  const [part, ...parts] = pattern;
  if (part === undefined) return words.length === 0;
  if (part === '#')
    return words.length === 0
      ? matchesSlowly(parts, [])
      : matchesSlowly(parts, words) || matchesSlowly(pattern, words.slice(1));
  return words.length > 0 && (part === '*' || part === words[0]) && matchesSlowly(parts, words.slice(1));
}

describe('a topic pattern', () => {
  it.each([
    ['a.b', 'a.b', true],
    ['a.b', 'a.b.c', false],
    ['*', 'a', true],
    ['*', '', false],
    ['*', 'a.b', false],
    ['#', '', true],
    ['#', 'a.b.c', true],
    ['a.#', 'a', true],
    ['a.#.z', 'a.z', true],
    ['a.#.z', 'a.b.c.z', true],
    ['a.#.z', 'a.b.c', false],
    ['#.#', 'a', true],
    ['*.#.*', 'a', false],
    ['a.b', 'axb', false],
  ])('%s against %j is %s', (pattern, key, expected) => {
    expect(matchesTopic(pattern, key)).toBe(expected);
  });

  it('matches what its definition says', () => {
    const words = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 6 });
    const pattern = fc.array(fc.constantFrom('a', 'b', '*', '#'), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(pattern, words, (parts, key) => {
        expect(matchesTopic(parts.join('.'), key.join('.'))).toBe(matchesSlowly(parts, key));
      }),
    );
  });

  it('takes no long time, whatever somebody binds', () => {
    const pattern = Array.from({ length: 200 }, () => '#').join('.');
    const key = Array.from({ length: 200 }, () => 'a').join('.');
    expect(matchesTopic(`${pattern}.b`, key)).toBe(false);
  });
});
