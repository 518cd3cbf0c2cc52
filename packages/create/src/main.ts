import { basename, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Kind, kinds } from './kinds.js';
import { scaffold } from './scaffold.js';
import { ScaffoldError } from './scaffold-error.js';

const USAGE = `Usage: npm create @pool pool|transport NAME [FOLDER]

Makes a package with a pool or a transport of your own, and its conformance test.

  NAME      its name on npm, such as @acme/pool-lanes
  FOLDER    where it goes (default: a folder named after it)`;

/** Runs the command line and returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const request = readRequest(args);
    if (request === undefined) {
      console.log(USAGE);
      return 0;
    }
    const files = await scaffold(request);
    const folder = relative('.', request.folder) || '.';
    console.log(`Made ${request.name} in ${folder}:\n${files.map((file) => `  ${file}`).join('\n')}\n`);
    console.log(`Next:\n  cd ${folder}\n  npm install\n  npm run build\n  npm test`);
    return 0;
  } catch (error) {
    if (!(error instanceof ScaffoldError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 1;
  }
}

function readRequest(args: readonly string[]): { kind: Kind; name: string; folder: string } | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const [kindName, name, folder, ...more] = positionals;
  const kind = kinds.find((known) => known === kindName);
  if (kind === undefined)
    throw new ScaffoldError(`say what to make, ${kinds.join(' or ')}, not ${kindName ?? 'nothing'}`);
  if (name === undefined) throw new ScaffoldError(`say the name of the package, such as @acme/${kind}-lanes`);
  if (more.length > 0) throw new ScaffoldError(`too many arguments: ${more.join(' ')}`);
  return { kind, name, folder: resolve(folder ?? basename(name)) };
}

function parse(args: readonly string[]): { values: { help?: boolean | undefined }; positionals: string[] } {
  try {
    const options = { help: { type: 'boolean', short: 'h' } } as const;
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw new ScaffoldError((error as Error).message, { cause: error });
  }
}
