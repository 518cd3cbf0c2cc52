// What the worker is given as `-A`: the app, with the broker's folder from the environment.
import { createJob } from './create-job.mjs';

const home = process.env['POOL_START_HOME'];
if (home === undefined)
  throw new Error('POOL_START_HOME is not set; this module is for the worker of `npm start`');

export const { app } = createJob(home);
