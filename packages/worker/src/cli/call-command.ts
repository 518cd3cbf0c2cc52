import type { SendOptions } from '@pool/app';
import { Command } from 'commander';
import { type AppCommandOptions, addAppOptions, openApp } from './app-options.js';
import { date, json, seconds, wholeNumber } from './parse.js';

interface CallOptions extends AppCommandOptions {
  args: unknown[];
  kwargs: Record<string, unknown>;
  countdown?: number;
  eta?: Date;
  expires?: number;
  queue?: string;
  exchange?: string;
  routingKey?: string;
  priority?: number;
  taskId?: string;
  wait?: boolean;
  timeout?: number;
}

/** `pool call demo.add --args '[2,3]'`: sends a task by its name and prints its id, or with `--wait` its result. */
export function callCommand(): Command {
  return addAppOptions(new Command('call'))
    .description('send a task by its name and print its id')
    .argument('<name>', "the task's name")
    .option('-a, --args <json>', 'its positional arguments, a JSON array', json('array'), [])
    .option('-k, --kwargs <json>', 'its keyword arguments, a JSON object', json('object'), {})
    .option('--countdown <seconds>', 'run it in so many seconds', seconds)
    .option('--eta <date>', 'run it at this time, ISO 8601', date)
    .option('--expires <seconds>', 'do not run it after so many seconds', seconds)
    .option('--queue <name>', 'the queue to send it to')
    .option('--exchange <name>', 'the exchange to send it to')
    .option('--routing-key <key>', 'its routing key')
    .option('--priority <0-9>', 'its priority', wholeNumber(0))
    .option('--task-id <id>', 'its id')
    .option('-w, --wait', 'wait for the result and print it')
    .option('-t, --timeout <seconds>', 'how long to wait at most', seconds)
    .action(async (name: string, options: CallOptions) => {
      const { app } = await openApp(options);
      try {
        const { args, wait, timeout, app: _app, broker, resultBackend, workdir, ...send } = options;
        const result = await app.sendTask(name, args, send as SendOptions);
        if (wait === true) print(await result.get(timeout === undefined ? {} : { timeout }));
        else process.stdout.write(`${result.id}\n`);
      } finally {
        await app.close();
      }
    });
}

/** Prints a value as JSON, so that the next command can read it. */
export function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, process.stdout.isTTY ? 2 : 0) ?? 'null'}\n`);
}
