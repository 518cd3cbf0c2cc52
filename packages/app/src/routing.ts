import { globMatch } from '@pool/message';
import type { SendOptions } from './send-options.js';

/** Where tasks go: the name of a queue, or options of sending. */
export type Route =
  | string
  | Pick<
      SendOptions,
      | 'queue'
      | 'exchange'
      | 'routingKey'
      | 'priority'
      | 'serializer'
      | 'compression'
      | 'expires'
      | 'persistent'
    >;

/** Decides for a message; `undefined` or `null` leaves it to the next route. */
export type RouteFunction = (
  name: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  options: Readonly<SendOptions>,
) => Route | null | undefined;

/** One pattern with its route. A string with `*`, `?` or `[…]` is a glob; any other is a task's name. */
export type RouteEntry = readonly [pattern: string | RegExp, route: Route];

export type RouteTable = Readonly<Record<string, Route>> | RouteFunction | RouteEntry;

/** Routes by name, glob, regular expression or function; of several tables the first that knows the task decides. */
export type TaskRoutes = RouteTable | readonly RouteTable[];

type Lookup = RouteFunction;

function isEntry(table: RouteTable | readonly RouteTable[]): table is RouteEntry {
  if (!Array.isArray(table) || table.length !== 2) return false;
  const [pattern, route] = table as readonly unknown[];
  return (
    (typeof pattern === 'string' || pattern instanceof RegExp) &&
    typeof route !== 'function' &&
    !Array.isArray(route)
  );
}

function isGlob(pattern: string): boolean {
  return /[*?[]/.test(pattern);
}

function lookupOf(table: RouteTable): Lookup {
  if (typeof table === 'function') return table;
  if (isEntry(table)) return entriesLookup([table]);
  if (typeof table !== 'object' || table === null) {
    throw new TypeError(
      'taskRoutes must be an object, a function, a [pattern, route] pair, or a list of them',
    );
  }
  return entriesLookup(Object.entries(table));
}

/** Names come before patterns, which are tried in their order, as in Celery. */
function entriesLookup(entries: readonly RouteEntry[]): Lookup {
  const names = new Map<string, Route>();
  const patterns: [matches: (name: string) => boolean, route: Route][] = [];
  for (const [pattern, route] of entries) {
    if (typeof route !== 'string' && (typeof route !== 'object' || route === null)) {
      throw new TypeError(
        `taskRoutes: the route of ${String(pattern)} must be a queue's name or an object of options`,
      );
    }
    if (pattern instanceof RegExp) {
      const regexp = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
      patterns.push([(name) => regexp.test(name), route]);
    } else if (isGlob(pattern)) patterns.push([(name) => globMatch(name, pattern), route]);
    else names.set(pattern, route);
  }
  return (name) => names.get(name) ?? patterns.find(([matches]) => matches(name))?.[1];
}

/** Asks the routes of an app where a task goes. */
export class Router {
  readonly #lookups: readonly Lookup[];

  constructor(routes: TaskRoutes = []) {
    const tables =
      Array.isArray(routes) && !isEntry(routes) ? (routes as readonly RouteTable[]) : [routes as RouteTable];
    this.#lookups = tables.map(lookupOf);
  }

  /** The options of the first route that knows the task. */
  route(
    name: string,
    args: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>>,
    options: Readonly<SendOptions>,
  ): Partial<SendOptions> {
    for (const lookup of this.#lookups) {
      const route = lookup(name, args, kwargs, options);
      if (route !== undefined && route !== null) return typeof route === 'string' ? { queue: route } : route;
    }
    return {};
  }
}
