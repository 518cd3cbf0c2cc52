import type { TransportFactory } from '@pool/transport';
import { MemoryTransport, type MemoryTransportOptions } from './memory-transport.js';

export { MemoryTransport, type MemoryTransportOptions };

/** Makes the transport of a `memory:` URL. */
export const createTransport: TransportFactory = (urls, options) => new MemoryTransport(urls, options);
export default createTransport;
