/** The regular expression that kombu stores with a topic binding, and matches routing keys by. */
export function topicRegExp(pattern: string): string {
  const words = pattern.split('.').map((word) => (word === '*' ? '.*?[^\\.]' : word === '#' ? '.*?' : word));
  return `^${words.join('\\.')}$`;
}
