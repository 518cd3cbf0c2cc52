/**
 * What a broker and a result store on Redis have in common.
 *
 * @packageDocumentation
 */
export {
  assertHashTag,
  type ClientOptions,
  databaseNumber,
  REDIS_SERVER_OPTION_NAMES,
  type RedisServerOptions,
  tlsOptions,
} from './client-options.js';
export { endClient } from './end-client.js';
export { probeScript } from './probe-script.js';
export { Script, type ScriptArgument } from './script.js';
export { assertDatabase } from './select-database.js';
export {
  certificateHint,
  isCertificateError,
  isUnableForNow,
  plainError,
} from './server-errors.js';
