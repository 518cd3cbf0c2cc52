/** The parameters of a task, for binding calls to them. */
export interface Parameters {
  /** The task's name, for messages. */
  readonly name: string;
  readonly names: readonly string[];
  /** How many of them a call must give. The rest have defaults. */
  readonly required: ReadonlySet<string>;
}

const identifier = /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u;

/**
 * Reads a task's `params`. `length` is how many parameters the function has before the first with a default value;
 * it and the `?` of a name say what may be left out.
 */
export function parseParameters(name: string, params: readonly string[], length: number): Parameters {
  const names: string[] = [];
  const required = new Set<string>();
  for (const [i, param] of params.entries()) {
    const optional = typeof param === 'string' && param.endsWith('?');
    const plain = optional ? param.slice(0, -1) : param;
    if (typeof plain !== 'string' || !identifier.test(plain)) {
      throw new TypeError(`task ${name}: params must be names of parameters, got ${JSON.stringify(param)}`);
    }
    if (names.includes(plain)) throw new TypeError(`task ${name}: params has ${plain} twice`);
    names.push(plain);
    if (!optional && i < length) required.add(plain);
  }
  return { name, names, required };
}

function quoted(names: readonly string[]): string {
  const quotedNames = names.map((name) => `'${name}'`);
  if (quotedNames.length < 3) return quotedNames.join(' and ');
  return `${quotedNames.slice(0, -1).join(', ')}, and ${quotedNames.at(-1)}`;
}

/**
 * Puts positional and keyword arguments in the order of the parameters, as Python does, and with its words throws a
 * `TypeError` for a call that does not fit. A parameter that was left out is `undefined`.
 */
export function bindArguments(
  parameters: Parameters,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): unknown[] {
  const { name, names, required } = parameters;
  if (args.length > names.length) {
    const fewest = required.size;
    const takes = fewest < names.length ? `from ${fewest} to ${names.length}` : String(names.length);
    const plural = names.length === 1 ? 'argument' : 'arguments';
    const were = args.length === 1 ? 'was' : 'were';
    throw new TypeError(`${name}() takes ${takes} positional ${plural} but ${args.length} ${were} given`);
  }
  const bound: unknown[] = [...args];
  const given = new Set(names.slice(0, args.length));
  for (const [key, value] of Object.entries(kwargs)) {
    const at = names.indexOf(key);
    if (at < 0) throw new TypeError(`${name}() got an unexpected keyword argument '${key}'`);
    if (given.has(key)) throw new TypeError(`${name}() got multiple values for argument '${key}'`);
    given.add(key);
    while (bound.length <= at) bound.push(undefined);
    bound[at] = value;
  }
  const missing = [...required].filter((param) => !given.has(param));
  if (missing.length > 0) {
    const plural = missing.length === 1 ? 'argument' : 'arguments';
    throw new TypeError(
      `${name}() missing ${missing.length} required positional ${plural}: ${quoted(missing)}`,
    );
  }
  return bound;
}
