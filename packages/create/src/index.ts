export { type Kind, kinds } from './kinds.js';
export { nameOf, type ScaffoldNames } from './names.js';
export { type ScaffoldOptions, scaffold } from './scaffold.js';
export { ScaffoldError } from './scaffold-error.js';
