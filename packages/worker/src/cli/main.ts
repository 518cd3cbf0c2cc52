import { readFileSync } from 'node:fs';
import { PoolError } from '@pool/core';
import { Command, CommanderError } from 'commander';
import { callCommand } from './call-command.js';
import { resultCommand } from './result-command.js';
import { workerCommand } from './worker-command.js';

/** The package's version. */
export function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** The command `pool`. Errors of use and of configuration are one line and exit code 1 or 2, never a stack. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('pool')
    .description('Runs and sends the tasks of an app.')
    .version(version())
    .showSuggestionAfterError()
    .exitOverride()
    .addCommand(workerCommand())
    .addCommand(callCommand())
    .addCommand(resultCommand());
  for (const command of program.commands) command.exitOverride().showSuggestionAfterError();
  // A command ends when it has done its work: what it waits for meanwhile may hold no handle of its own.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    await program.parseAsync(reorder(argv, program));
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else fail(error);
  } finally {
    clearInterval(alive);
  }
}

/** Celery's habit: `pool -A tasks worker` means `pool worker -A tasks`. */
function reorder(argv: readonly string[], program: Command): string[] {
  const names = new Set(program.commands.map((command) => command.name()));
  const [node = '', script = '', ...rest] = argv;
  const at = rest.findIndex((argument) => names.has(argument));
  if (at <= 0) return [...argv];
  return [node, script, rest[at] as string, ...rest.slice(0, at), ...rest.slice(at + 1)];
}

function fail(error: unknown): void {
  process.exitCode = 1;
  const known = error instanceof PoolError || error instanceof TypeError;
  const text =
    error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`pool: ${text}\n`);
}
