import { randomUUID } from 'node:crypto';
import { App, type AppOptions } from '@pool/app';
import { Worker, type WorkerLogger, type WorkerOptions } from '@pool/worker';
import { onEnd, scratchFolder } from './scratch.js';

/** A log line as a test reads it. */
export interface Line {
  level: string;
  fields: Record<string, unknown>;
  text: string;
}

/** A logger that keeps its lines. */
export function keepingLogger(): { logger: WorkerLogger; lines: Line[] } {
  const lines: Line[] = [];
  const at =
    (level: string) =>
    (fields: object | string, text?: string): void => {
      if (typeof fields === 'string') lines.push({ level, fields: {}, text: fields });
      else lines.push({ level, fields: fields as Record<string, unknown>, text: text ?? '' });
    };
  const logger: WorkerLogger = {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    child: () => logger,
    isLevelEnabled: () => true,
  };
  return { logger, lines };
}

/** An app on a broker in this process, with results in a folder. */
export async function memoryApp(options: AppOptions = {}): Promise<App> {
  const folder = await scratchFolder();
  const broker = `memory://${randomUUID()}`;
  const app = new App('demo', { broker, resultBackend: `filesystem://${folder}`, ...options });
  onEnd(() => app.close());
  return app;
}

/** A running worker of an app, with what it logs. */
export async function runWorker(
  app: App,
  options: WorkerOptions = {},
): Promise<{ worker: Worker; lines: Line[] }> {
  const { logger, lines } = keepingLogger();
  const worker = new Worker(app, { pool: 'solo', logger, ...options });
  onEnd(() => worker.terminate());
  await worker.start();
  return { worker, lines };
}
