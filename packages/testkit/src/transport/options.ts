import type { Transport, TransportOptions } from '@pool/transport';
import type { Describe, It } from '../pool/runner.js';
import type { AreaName } from './area-names.js';

/** Where another process finds the factory of the transport. */
export interface TransportModule {
  /** The `file:` URL of the module as it is shipped (compiled JavaScript). */
  readonly url: string | URL;
  /** The name under which it exports the factory. @default 'createTransport' */
  readonly export?: string;
  /** Options for the transports of that process; they must survive JSON. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** What {@link transportConformance} is told. */
export interface TransportConformanceOptions {
  describe: Describe;
  it: It;
  /** Names the transport in the titles. */
  name: string;
  /**
   * The broker URL of a place. Transports of one place share queues. Different places should not see each other's
   * (a folder, a database); where a broker has but one place, the suite's queues have names of their own.
   */
  url(place: string): string;
  /** Makes a transport and does not connect it. It must hand the options on, with whatever it needs besides. */
  create(url: string, options: TransportOptions): Transport;
  /** Removes what is left of a place. */
  clean?: ((place: string) => Promise<void>) | undefined;
  /**
   * How a new process gets the transport. Needed for what can only be seen from outside the process: that importing
   * opens nothing, that a killed process gives its messages back. Required if `multiProcess` is declared.
   */
  module?: TransportModule | undefined;
  /** Puts something into a queue, past the transport, that is no message. */
  putMalformed?: ((place: string, queue: string) => Promise<void>) | undefined;
  /** The reasons of the messages that were set aside, read past the transport. */
  reasonsAside?: ((place: string, queue: string) => Promise<string[]>) | undefined;
  /** How many seconds to wait for what should come at once. Raise it for a slow broker. @default 30 */
  patience?: number | undefined;
  /** Only these areas. @default all of them */
  areas?: readonly AreaName[] | undefined;
}
