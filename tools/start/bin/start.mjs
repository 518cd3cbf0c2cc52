#!/usr/bin/env node
// `npm start`: builds the packages that the main job needs, as far as they are not built, and runs it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from '@pool/pipeline/tasks';

const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'));
console.error('Building what is not built yet');
build(Object.keys(dependencies).filter((name) => name.startsWith('@pool/')));

// Only now, because it imports what was built.
await import('../src/main.mjs');
