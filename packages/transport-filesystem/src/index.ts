import type { TransportFactory } from '@pool/transport';
import type { FilesystemTransportOptions } from './filesystem-options.js';
import { FilesystemTransport } from './filesystem-transport.js';

export { FilesystemTransport, type FilesystemTransportOptions };

/** Makes the transport of a `filesystem:` URL. */
export const createTransport: TransportFactory = (urls, options) => new FilesystemTransport(urls, options);
export default createTransport;
