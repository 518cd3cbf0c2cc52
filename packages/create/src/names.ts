import type { Kind } from './kinds.js';
import { ScaffoldError } from './scaffold-error.js';

/** The names that follow from a package's name. */
export interface ScaffoldNames {
  /** As npm knows it: `@acme/pool-lanes`. */
  readonly packageName: string;
  /** What sets it apart from its sisters: `lanes`; for a transport also the scheme of its URLs. */
  readonly stem: string;
  /** `LanesPool`, `LanesTransport`. */
  readonly className: string;
  /** The file of the class, without ending: `lanes-pool`. */
  readonly file: string;
}

const PACKAGE_NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;
const STEM = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/**
 * Derives all names from a package's name, with or without scope, `pool` and `transport`.
 * @throws {ScaffoldError} npm would not take the name, or no class can be named after it
 */
export function nameOf(kind: Kind, packageName: string): ScaffoldNames {
  if (!PACKAGE_NAME.test(packageName) || packageName.length > 214) {
    throw new ScaffoldError(
      `"${packageName}" is no name for a package; use lower case, as in @acme/pool-lanes`,
    );
  }
  const words = packageName.slice(packageName.indexOf('/') + 1).split(/[-._~]/);
  const stem = words.filter((word) => word !== '' && word !== 'pool' && word !== 'transport').join('-');
  if (!STEM.test(stem)) {
    throw new ScaffoldError(`"${packageName}" leaves nothing to name a ${kind} after; try pool-lanes`);
  }
  const pascal = stem.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  const suffix = kind === 'pool' ? 'Pool' : 'Transport';
  return { packageName, stem, className: `${pascal.join('')}${suffix}`, file: `${stem}-${kind}` };
}
