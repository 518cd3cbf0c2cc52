import { App } from '@pool/app';
import type { Command } from 'commander';
import { type AppReference, loadApp, parseAppReference } from '../app-reference.js';
import { AppNotFoundError } from '../errors.js';

/** What every command takes. */
export interface AppCommandOptions {
  app?: string;
  broker?: string;
  resultBackend?: string;
  workdir?: string;
}

/** Adds the options that say which app is meant. */
export function addAppOptions(command: Command): Command {
  return command
    .option('-A, --app <module>', 'the module that exports the app, as default or app, or module:export')
    .option('-b, --broker <url>', 'the broker, instead of the app’s')
    .option('--result-backend <url>', 'the result store, instead of the app’s')
    .option('--workdir <folder>', 'the folder to work in');
}

/** Loads the app a command is for. Broker and results reach it, and its children, through the environment. */
export async function openApp(
  options: AppCommandOptions,
): Promise<{ app: App; reference: AppReference | undefined }> {
  if (options.workdir !== undefined) process.chdir(options.workdir);
  if (options.broker !== undefined) process.env['POOL_BROKER_URL'] = options.broker;
  if (options.resultBackend !== undefined) process.env['POOL_RESULT_BACKEND'] = options.resultBackend;
  const text = options.app ?? process.env['POOL_APP'];
  if (text === undefined) return { app: new App('pool'), reference: undefined };
  const reference = parseAppReference(text);
  return { app: await loadApp(reference), reference };
}

/** As `openApp`, for commands that need the app's tasks. */
export async function requireApp(options: AppCommandOptions): Promise<{ app: App; reference: AppReference }> {
  const { app, reference } = await openApp(options);
  if (reference !== undefined) return { app, reference };
  throw new AppNotFoundError('which app? Say it with -A ./tasks.js, or POOL_APP');
}
