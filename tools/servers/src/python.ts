import { findCommand, findOrInstall } from './install.js';
import { run } from './run.js';

const DEBIAN_PACKAGES: Readonly<Record<string, string>> = {
  celery: 'python3-celery',
  redis: 'python3-redis',
  kombu: 'python3-kombu',
  amqp: 'python3-amqp',
};

/**
 * Finds a Python 3 that can import some modules, by default Celery and its Redis client; installs them if need be.
 * @returns The path of the interpreter.
 */
export async function python(modules: readonly string[] = ['celery', 'redis']): Promise<string> {
  const packages = modules.map((name) => DEBIAN_PACKAGES[name] ?? `python3-${name}`);
  return await findOrInstall(
    `a python3 with ${modules.join(' and ')}`,
    ['python3-minimal', ...packages],
    async () => {
      // Debian's modules belong to Debian's interpreter, which need not be the first on PATH.
      for (const file of [process.env['POOL_PYTHON'], '/usr/bin/python3', findCommand('python3')]) {
        if (file !== undefined && (await canImport(file, modules))) return file;
      }
      return undefined;
    },
  );
}

async function canImport(file: string, modules: readonly string[]): Promise<boolean> {
  try {
    await run(file, ['-c', `import ${modules.join(', ')}`]);
    return true;
  } catch {
    return false;
  }
}
