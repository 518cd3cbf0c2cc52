import type { ResultStoreFactory } from '@pool/results';
import { FilesystemResults, type FilesystemResultsOptions } from './filesystem-results.js';

export { FilesystemResults, type FilesystemResultsOptions, folderOf } from './filesystem-results.js';

/** Makes the store of a `filesystem://` URL; found by `@pool/results` when an app's `resultBackend` is one. */
const createResults: ResultStoreFactory = (url, options?: FilesystemResultsOptions) =>
  new FilesystemResults(url, options);

export default createResults;
