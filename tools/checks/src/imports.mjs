import { parseSync } from 'vite';

/**
 * @typedef {object} Import
 * @property {string} specifier What is imported, as written.
 * @property {number} line Where, counted from 1.
 * @property {boolean} asUrl Written as `new URL('…', import.meta.url)`: a file, not a module.
 */

/**
 * Finds everything a TypeScript or JavaScript file refers to with a constant name: imports and re-exports of values and
 * types, `import('…')` in code and in types, `import x = require('…')`, `require('…')`, `import.meta.resolve('…')`
 * and `new URL('…', import.meta.url)`.
 * @param {string} file Its name; the ending says the language.
 * @param {string} text
 * @returns {Import[]}
 */
export function findImports(file, text) {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new SyntaxError(`${file}: ${errors[0]?.message}`);
  /** @type {Import[]} */
  const found = [];
  /** @param {unknown} value @param {boolean} asUrl */
  const add = (value, asUrl) => {
    const node = /** @type {{ type?: string, value?: unknown, start: number } | null | undefined} */ (value);
    if (node?.type !== 'Literal' || typeof node.value !== 'string') return;
    found.push({ specifier: node.value, line: text.slice(0, node.start).split('\n').length, asUrl });
  };
  walk(program, (node) => {
    switch (node['type']) {
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
      case 'ExportAllDeclaration':
      case 'ImportExpression':
      case 'TSImportType':
        return add(node['source'], false);
      case 'TSExternalModuleReference':
        return add(node['expression'], false);
      case 'CallExpression':
        if (isModuleLookup(text, node['callee'])) add(firstOf(node['arguments']), false);
        return;
      case 'NewExpression':
        if (isRelativeToModule(text, node)) add(firstOf(node['arguments']), true);
    }
  });
  return found;
}

/**
 * Calls back for every node of a syntax tree.
 * @param {unknown} value
 * @param {(node: Record<string, unknown>) => void} visit
 */
function walk(value, visit) {
  if (Array.isArray(value)) {
    for (const entry of value) walk(entry, visit);
  } else if (value !== null && typeof value === 'object') {
    const node = /** @type {Record<string, unknown>} */ (value);
    if (typeof node['type'] === 'string') visit(node);
    for (const child of Object.values(node)) walk(child, visit);
  }
}

/** @param {unknown} list */
function firstOf(list) {
  return Array.isArray(list) ? list[0] : undefined;
}

/** @param {string} text @param {unknown} node */
function sourceOf(text, node) {
  const { start, end } = /** @type {{ start: number, end: number }} */ (node);
  return text.slice(start, end);
}

/** @param {string} text @param {unknown} callee */
function isModuleLookup(text, callee) {
  return ['require', 'require.resolve', 'import.meta.resolve'].includes(sourceOf(text, callee));
}

/** @param {string} text @param {Record<string, unknown>} node */
function isRelativeToModule(text, node) {
  const list = node['arguments'];
  if (sourceOf(text, node['callee']) !== 'URL' || !Array.isArray(list) || list.length !== 2) return false;
  return sourceOf(text, list[1]) === 'import.meta.url';
}
