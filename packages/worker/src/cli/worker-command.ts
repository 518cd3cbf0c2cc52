import { parseBrokerUrls } from '@pool/transport';
import { Command, Option } from 'commander';
import { settingsFromFile } from '../config/config-file.js';
import { settingsFromEnvironment, splitList } from '../config/environment.js';
import type { SettingsSource } from '../config/resolve-settings.js';
import { surviveErrors, type WorkerLogger } from '../logging/logger.js';
import { within } from '../pause.js';
import { Worker } from '../worker.js';
import { type AppCommandOptions, addAppOptions, requireApp } from './app-options.js';
import { bannerFacts, renderBanner } from './banner.js';
import { version } from './main.js';
import { assignment, logLevel, seconds, wholeNumber } from './parse.js';
import { handleSignals } from './signals.js';
import { boundYoungGeneration } from './young-generation.js';

/** How many seconds connections get to say goodbye. */
const CLOSE_TIMEOUT = 10;

interface WorkerCommandOptions extends AppCommandOptions {
  config?: string;
  quiet?: boolean;
  color: boolean;
  purge?: boolean;
  set?: Record<string, unknown>;
  [setting: string]: unknown;
}

/** Options of the command that are no settings of the worker. */
const notSettings: ReadonlySet<string> = new Set([
  'app',
  'broker',
  'resultBackend',
  'workdir',
  'config',
  'quiet',
  'color',
  'purge',
  'set',
]);

/** `pool worker`: Celery's options, where they mean something here. */
export function workerCommand(): Command {
  return addAppOptions(new Command('worker'))
    .description('take tasks from the broker and run them')
    .option(
      '-P, --pool <pool>',
      'prefork, threads, green, solo, custom, a package, or module:Class (default: prefork)',
    )
    .option('-c, --concurrency <n>', 'tasks at the same time (default: the CPUs; green 100)', wholeNumber(1))
    .option('-Q, --queues <names>', 'the queues to take from, with commas', splitList)
    .addOption(
      new Option('-X, --exclude-queues <names>', 'queues of the app to leave to others').argParser(splitList),
    )
    .option('-l, --loglevel <level>', 'trace, debug, info, warn, error, fatal (default: info)', logLevel)
    .addOption(new Option('--log-format <format>', 'how log lines look').choices(['auto', 'pretty', 'json']))
    .option('-n, --hostname <name>', "the node's name; %h, %n, %d stand for hostname, name, domain")
    .option('--autoscale <max,min>', 'let the pool grow and shrink')
    .option(
      '--prefetch-multiplier <n>',
      'messages taken ahead for each slot (default: 4, more while tasks are quick)',
      wholeNumber(0),
    )
    .option('--disable-prefetch', 'take a message only when a slot is free')
    .option('--time-limit <seconds>', 'kill tasks after so long', seconds)
    .option('--soft-time-limit <seconds>', 'abort the signal of tasks after so long', seconds)
    .option('--max-tasks-per-child <n>', 'replace a child after so many tasks', wholeNumber(1))
    .option('--max-memory-per-child <KiB>', 'replace a child that holds more', wholeNumber(1))
    .option('-S, --state-db <file>', 'keep revoked ids over restarts')
    .option('--health-port <port>', 'serve /healthz, /readyz and /metrics', wholeNumber(0))
    .option('--health-host <address>', 'the address to serve them on (default: 0.0.0.0)')
    .option(
      '--soft-shutdown-timeout <seconds>',
      'before a cold shutdown, let tasks finish for so long',
      seconds,
    )
    .option('--shutdown-timeout <seconds>', 'a warm shutdown becomes a cold one after so long', seconds)
    .option('--purge', 'drop all messages that wait in the queues, first')
    .option('-o, --pool-option <name=value>', 'an option of the pool; may be repeated', assignment)
    .option('--set <name=value>', 'any other setting; may be repeated', assignment)
    .option('--config <file>', 'a config file (default: pool.config.js, .mjs or .json if there is one)')
    .option('-q, --quiet', 'print no banner')
    .option('--no-color', 'print without colors')
    .action(runWorker);
}

async function runWorker(options: WorkerCommandOptions): Promise<void> {
  if (!options.color) process.env['NO_COLOR'] = '1';
  surviveErrors(process.stdout);
  const { app, reference } = await requireApp(options);
  const sources: SettingsSource[] = [
    { from: "the app's worker settings", settings: app.options.worker ?? {} },
    ...(await settingsFromFile(options.config, process.cwd())),
    settingsFromEnvironment(process.env),
    { from: 'the command line', settings: settingsFromOptions(options) },
  ];
  const appModule =
    reference.export === undefined ? reference.module : `${reference.module}:${reference.export}`;
  const worker = new Worker(app, { appModule }, sources);
  const { logger } = worker;
  const signals = handleSignals(worker, logger);
  try {
    if (options.purge === true) await purge(worker, logger);
    await worker.start();
  } catch (error) {
    await app.close().catch(() => {});
    if (signals.exitCode === undefined) throw error;
  }
  // Tasks that run in this process may make much that lives for a while.
  if (worker.pool?.capabilities.functions === false) boundYoungGeneration();
  if (worker.state === 'running') announceStart(worker, options);
  await signals.stopped;
  const closed = app
    .close()
    .catch((error: unknown) => logger.warn({ err: error }, 'The app could not be closed'));
  if (!(await within(CLOSE_TIMEOUT, closed)))
    logger.warn(`The connections could not be closed in ${CLOSE_TIMEOUT} s`);
  logger.info(`${worker.hostname} has stopped`);
  process.exit(signals.exitCode ?? 0);
}

function settingsFromOptions(options: WorkerCommandOptions): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (notSettings.has(name)) continue;
    if (name === 'loglevel') settings['logLevel'] = value;
    else if (name === 'poolOption') settings['poolOptions'] = value;
    else settings[name] = value;
  }
  return { ...settings, ...options.set };
}

function announceStart(worker: Worker, { quiet, color }: WorkerCommandOptions): void {
  const { logger, settings, transport, app } = worker;
  const { logFormat } = settings;
  const backend =
    process.env['POOL_RESULT_BACKEND'] ?? process.env['CELERY_RESULT_BACKEND'] ?? app.options.resultBackend;
  const results =
    backend === undefined
      ? 'disabled'
      : typeof backend === 'string'
        ? parseBrokerUrls(backend).join(' or ')
        : backend.constructor.name;
  const facts = bannerFacts(worker, transport === undefined ? '' : transport.urls.join(' or '), results);
  const forPeople = logFormat === 'pretty' || (logFormat === 'auto' && process.stderr.isTTY === true);
  if (forPeople && quiet !== true) {
    const colors = color && process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined;
    process.stdout.write(renderBanner(facts, worker.hostname, version(), colors));
    logger.info(`${worker.hostname} ready`);
  } else {
    logger.info({ worker: facts }, `${worker.hostname} ready`);
  }
}

async function purge(worker: Worker, logger: WorkerLogger): Promise<void> {
  const transport = await worker.app.transport();
  await transport.connect();
  for (const queue of worker.queues) {
    const {
      exchange: _exchange,
      exchangeType: _type,
      routingKey: _key,
      ...declaration
    } = worker.app.queues.get(queue);
    await transport.declareQueue(declaration);
    logger.warn(`Purged ${await transport.purgeQueue(queue)} messages from ${queue}`);
  }
}
