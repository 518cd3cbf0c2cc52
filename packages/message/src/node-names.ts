import { hostname as osHostname } from 'node:os';

const DEFAULT_NAME = 'celery';

/** `name@hostname`. */
export function nodename(name: string, hostname: string): string {
  return `${name}@${hostname}`;
}

/** Name and hostname of a node; a text without `@` is a hostname. */
export function nodesplit(node: string): { name: string | null; hostname: string } {
  const at = node.indexOf('@');
  return at === -1
    ? { name: null, hostname: node }
    : { name: node.slice(0, at), hostname: node.slice(at + 1) };
}

/** The name of this process where it is not a worker, `gen<pid>@<hostname>`: the `origin` of what it sends. */
export function anonNodename(
  hostname: string = osHostname(),
  prefix = 'gen',
  pid: number = process.pid,
): string {
  return nodename(`${prefix}${pid}`, hostname);
}

/** Completes a worker's name: `w1@` and `w1@host` keep their parts, a bare `host` becomes `celery@host`. */
export function defaultNodename(node = ''): string {
  const { name, hostname } = nodesplit(node);
  return nodename(name || DEFAULT_NAME, hostname || osHostname());
}

/**
 * Expands `%h` (hostname), `%n` (name), `%d` (domain), `%p` (full node name), `%i` and `%I` (index of the pool
 * process, 0 and empty for the parent) and `%%` in a node name or a log file name. Anything else stays.
 */
export function nodeFormat(template: string, node: string, index = 0): string {
  const split = nodesplit(node);
  const hostname = split.hostname || osHostname();
  const dot = hostname.indexOf('.');
  const parts: Record<string, string> = {
    h: hostname,
    n: split.name || DEFAULT_NAME,
    d: dot === -1 ? '' : hostname.slice(dot + 1),
    p: node,
    i: String(index),
    I: index === 0 ? '' : `-${index}`,
    '%': '%',
  };
  return template.replace(/%([hndpiI%])/g, (_match, key: string) => parts[key] ?? '');
}
