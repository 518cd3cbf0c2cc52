import { join } from 'node:path';
import { findCommand, findOrInstall } from './install.js';
import { run } from './run.js';

/** Paths of a certificate, its key, and what a client must trust to accept it. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Writes a self-signed certificate for localhost and 127.0.0.1 to a folder. */
export async function createCertificates(folder: string): Promise<Certificates> {
  const openssl = await findOrInstall('openssl', ['openssl'], () => findCommand('openssl'));
  const cert = join(folder, 'server.crt');
  const key = join(folder, 'server.key');
  await run(openssl, [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    ...['-keyout', key, '-out', cert],
  ]);
  return { ca: cert, cert, key };
}
