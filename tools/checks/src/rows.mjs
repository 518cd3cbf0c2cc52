/** @import { Package } from './workspace.mjs' */

// The rows of the house, as the nx tag `layer:ROW` of each package. Imports run downwards only, so two packages on
// one row never meet; the worker skips row 3, because it finds pools, brokers and result stores by name at run time.
/** @type {Record<string, readonly string[]>} */
const reachableRows = {
  5: ['4', '2', '1'],
  4: ['2', '1'],
  3: ['2', '1'],
  2: ['1'],
  1: [],
  kit: ['2', '1'],
  create: [],
  tool: ['5', '4', '3', '2', '1', 'kit', 'create', 'tool'],
};

// A package on row 3 implements one contract, its tag `contract:NAME`, and needs no other.
/** @type {Record<string, readonly string[]>} */
const contractPackages = {
  core: ['@pool/core'],
  transport: ['@pool/transport', '@pool/message'],
  results: ['@pool/results', '@pool/message'],
};

// What several packages that speak to one kind of server share (its tag `server:NAME`) is for those with the same tag.

/**
 * The value of a package's one tag with a prefix.
 * @param {Package} of
 * @param {string} prefix
 * @returns {string | undefined}
 */
function tag(of, prefix) {
  const values = (of.manifest.nx?.tags ?? []).filter((value) => value.startsWith(`${prefix}:`));
  return values.length === 1 ? values[0]?.slice(prefix.length + 1) : undefined;
}

/**
 * Says what is wrong with a package's own tags, or nothing.
 * @param {Package} of
 * @returns {string | undefined}
 */
export function tagProblem(of) {
  const row = tag(of, 'layer');
  if (row === undefined || !(row in reachableRows)) {
    return `${of.name} needs one nx tag of ${Object.keys(reachableRows)
      .map((name) => `layer:${name}`)
      .join(', ')}`;
  }
  if (row !== '3') return undefined;
  const contract = tag(of, 'contract');
  if (contract !== undefined && contract in contractPackages) return undefined;
  const choices = Object.keys(contractPackages).map((name) => `contract:${name}`);
  return `${of.name} is on row 3 and needs one nx tag of ${choices.join(', ')}`;
}

/**
 * Says why one package may not import another, or nothing when it may.
 * @param {Package} from
 * @param {Package} to
 * @returns {string | undefined}
 */
export function importProblem(from, to) {
  const fromRow = tag(from, 'layer') ?? '';
  const toRow = tag(to, 'layer') ?? '';
  if (!reachableRows[fromRow]?.includes(toRow)) {
    return `${from.name} (layer:${fromRow}) must not import ${to.name} (layer:${toRow})`;
  }
  const server = fromRow === 'tool' ? undefined : tag(to, 'server');
  if (server !== undefined) {
    return server === tag(from, 'server')
      ? undefined
      : `${from.name} must not import ${to.name} (server:${server})`;
  }
  const contract = fromRow === '3' ? tag(from, 'contract') : undefined;
  if (contract !== undefined && !contractPackages[contract]?.includes(to.name)) {
    return `${from.name} (contract:${contract}) must not import ${to.name}`;
  }
  return undefined;
}
