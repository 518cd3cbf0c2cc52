import { Command } from 'commander';
import { type AppCommandOptions, addAppOptions, openApp } from './app-options.js';
import { print } from './call-command.js';
import { seconds } from './parse.js';

interface ResultOptions extends AppCommandOptions {
  timeout?: number;
  traceback?: boolean;
  state?: boolean;
}

/** `pool result ID`: waits for a task and prints its result; exit code 1 if it failed. */
export function resultCommand(): Command {
  return addAppOptions(new Command('result'))
    .description('wait for the result of a task and print it')
    .argument('<id>', "the task's id")
    .option('-t, --timeout <seconds>', 'how long to wait at most', seconds)
    .option('--state', 'print the state as it is now, without waiting')
    .option('--traceback', 'print the stack of a failed task')
    .action(async (id: string, options: ResultOptions) => {
      const { app } = await openApp(options);
      try {
        const result = app.AsyncResult(id);
        if (options.state === true) {
          process.stdout.write(`${await result.state()}\n`);
          return;
        }
        const value = await result.get({
          propagate: false,
          ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
        });
        if (!(await result.failed())) {
          print(value);
          return;
        }
        process.exitCode = 1;
        const text = options.traceback === true ? await result.traceback() : null;
        process.stderr.write(`${text ?? (value as Error).message}\n`);
      } finally {
        await app.close();
      }
    });
}
