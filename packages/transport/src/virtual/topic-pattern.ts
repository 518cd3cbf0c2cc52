/**
 * Whether a routing key matches the pattern of a topic binding. Words are separated by dots; `*` stands for exactly
 * one word, `#` for any number of words, none included.
 */
export function matchesTopic(pattern: string, routingKey: string): boolean {
  if (pattern === '#' || pattern === routingKey) return true;
  const words = routingKey === '' ? [] : routingKey.split('.');
  const parts = pattern === '' ? [] : pattern.split('.');
  // reached[i]: the parts so far can match exactly the first i words.
  let reached = new Array<boolean>(words.length + 1).fill(false);
  reached[0] = true;
  for (const part of parts) {
    const next = new Array<boolean>(words.length + 1).fill(false);
    for (let i = 0; i <= words.length; i++) {
      if (part === '#') next[i] = reached[i] === true || (i > 0 && next[i - 1] === true);
      else if (i > 0) next[i] = reached[i - 1] === true && (part === '*' || part === words[i - 1]);
    }
    reached = next;
  }
  return reached[words.length] === true;
}

/** The regular expression that kombu stores with a topic binding, letter for letter, and matches routing keys by. */
export function topicRegExp(pattern: string): string {
  const words = pattern.split('.').map((word) => {
    if (word === '*') return '.*?[^\\.]';
    if (word === '#') return '.*?';
    return word.replace(/[^\p{L}\p{N}#*]/gu, (character) => `\\${character}`);
  });
  return `^${words.join('\\.')}$`;
}
