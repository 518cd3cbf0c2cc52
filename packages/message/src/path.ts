const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** The way to a member of a value, as a reader would write it: `args[0].when`, `kwargs["a b"]`. */
export function memberPath(parent: string, key: string | number): string {
  if (typeof key === 'number') return `${parent}[${key}]`;
  if (!IDENTIFIER.test(key)) return `${parent}[${JSON.stringify(key)}]`;
  return parent === '' ? key : `${parent}.${key}`;
}
