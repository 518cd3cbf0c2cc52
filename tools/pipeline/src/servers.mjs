/**
 * Finds or installs the servers that tests need, one after the other, before tests that run in parallel look for them.
 * Without one the tests that need it are skipped, or fail where `CI` is set; they say so themselves.
 */
export async function ensureServers() {
  /** @type {typeof import('@pool/servers')} */
  let servers;
  try {
    servers = await import('@pool/servers');
  } catch (error) {
    // It did not compile: the build has said so, and the tests that need it fail.
    console.error(`No servers: ${error instanceof Error ? error.message : error}`);
    return;
  }
  for (const ensure of [
    servers.ensureRedis,
    servers.ensureRabbitmq,
    servers.ensureZookeeper,
    servers.python,
  ]) {
    try {
      await ensure();
    } catch (error) {
      if (!(error instanceof servers.ServerMissingError)) throw error;
      console.error(`MISSING: ${error.message}`);
    }
  }
}
