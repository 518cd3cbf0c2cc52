/** The names of all options there are: a table, so that the compiler misses one that is not there. */
export type OptionNames<Options> = Readonly<Record<keyof Options & string, true>>;

/**
 * Refuses options that nobody reads. One that is spelled as in Python (`visibility_timeout`) is told how it is spelled here.
 *
 * @param what - whose options they are: `the Redis transport`
 * @throws {TypeError} for the first that is not known
 */
export function assertKnownOptions(
  what: string,
  options: object,
  known: Readonly<Record<string, true>>,
): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || Object.hasOwn(known, name)) continue;
    const here = name.replace(/_+([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase()).toLowerCase();
    const meant = Object.keys(known).find((option) => option.toLowerCase() === here);
    const names = Object.keys(known).sort().join(', ');
    throw new TypeError(
      `${what} has no option ${JSON.stringify(name)}${meant === undefined ? `; it has ${names}` : `: it is ${meant} here`}`,
    );
  }
}
