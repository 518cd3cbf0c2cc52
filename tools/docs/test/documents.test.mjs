import { describe, expect, test } from 'vitest';
import { readDocuments } from '../src/documents.mjs';
import { compileExamples, findExamples } from '../src/examples.mjs';
import { brokenLinks } from '../src/links.mjs';

const documents = readDocuments();

describe('the documents', () => {
  test('are all there', () => {
    const paths = documents.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'docs/architecture.md']));
  });

  test.each(documents)('$path has no link that leads nowhere', (document) => {
    expect(brokenLinks(document)).toEqual([]);
  });

  test('have examples that compile', { timeout: 120_000 }, () => {
    expect(Object.fromEntries(compileExamples(documents))).toEqual({});
    expect(documents.flatMap(({ text }) => findExamples(text)).length).toBeGreaterThan(0);
  });
});

describe('the checks', () => {
  test('find links to files and headings that are not there', () => {
    const text =
      '# One `two`\n[a](docs) [b](no.md) [c](#one-two) [d](#three) [e](https://example.org) `[f](code.md)`';
    expect(brokenLinks({ path: 'README.md', text })).toEqual(['no.md', '#three']);
  });

  test('find what is wrong in an example, and let one use another by its name', { timeout: 120_000 }, () => {
    const text = [
      '```ts check\n// one.ts\nexport const one = 1;\n```',
      "```ts check\nimport { one } from './one.js';\nexport const text: string = one;\n```",
      '```ts\nnot checked\n```',
      '',
    ].join('\n');
    const problems = compileExamples([{ path: 'x.md', text }]);
    expect([...problems.keys()]).toEqual(['x.md']);
    expect(problems.get('x.md')).toEqual([expect.stringMatching(/^line-5\.ts\(2,14\): error TS2322/)]);
  });
});
