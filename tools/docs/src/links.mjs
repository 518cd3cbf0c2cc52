import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repositoryRoot } from './documents.mjs';

/** @import { Document } from './documents.mjs' */

const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g;

/**
 * Finds links within the repository that lead nowhere, to a file or to a heading.
 * @param {Document} document
 * @returns {string[]}
 */
export function brokenLinks({ path, text }) {
  return [...withoutCode(text).matchAll(LINK)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(path, text, target));
}

/** @param {string} path @param {string} text @param {string} target */
function leadsSomewhere(path, text, target) {
  const [file = '', heading] = target.split('#');
  const absolute = file === '' ? join(repositoryRoot, path) : join(repositoryRoot, dirname(path), file);
  if (!existsSync(absolute)) return false;
  if (heading === undefined) return true;
  return headings(file === '' ? text : readFileSync(absolute, 'utf8')).has(heading);
}

/**
 * The names that headings have in links.
 * @param {string} text
 */
function headings(text) {
  const titles = [...withoutCode(text).matchAll(/^#+ +(.+)$/gm)].map(([, title]) => title ?? '');
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** @param {string} text */
function withoutCode(text) {
  return text
    .replace(/^```.*?^```/gms, '')
    .replace(/`[^`\n]*`/g, (code) => (code.includes('](') ? '' : code));
}
