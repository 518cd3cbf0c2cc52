import { App } from '@pool/app';
import { onEnd, scratchFolder } from './scratch.js';

/** A folder with a broker and a result store in it, the environment that says so, and an app that sends there. */
export interface Site {
  readonly folder: string;
  readonly env: Record<string, string>;
  readonly app: App;
}

export async function fileSite(): Promise<Site> {
  const folder = await scratchFolder();
  const broker = `filesystem://${folder}/broker`;
  const resultBackend = `filesystem://${folder}/results`;
  const app = new App('producer', { broker, resultBackend });
  onEnd(() => app.close());
  return { folder, app, env: { POOL_BROKER_URL: broker, POOL_RESULT_BACKEND: resultBackend } };
}
