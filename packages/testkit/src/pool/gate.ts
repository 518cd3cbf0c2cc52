import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { within } from './within.js';

/** Who knocked. */
export interface Visitor {
  readonly label: string;
  /** The process the target runs in. */
  readonly pid: number;
  /** Differs between any two loads of the targets' module. */
  readonly incarnation: string;
}

/** A target that stands at the gate. */
export class Arrival {
  readonly visitor: Visitor;
  /** Resolves when the target's end of the line is gone: it let go, or what ran it is dead. */
  readonly gone: Promise<void>;
  isGone = false;
  readonly #socket: Socket;

  constructor(visitor: Visitor, socket: Socket) {
    this.visitor = visitor;
    this.#socket = socket;
    this.gone = new Promise((resolve) => {
      socket.once('close', () => {
        this.isGone = true;
        resolve();
      });
    });
  }

  /** Lets the target go on. */
  release(): void {
    this.#socket.write('go\n');
  }
}

/**
 * A door for targets, wherever they run: a target knocks when it has come so far, and waits to be let through. The line
 * stays open as long as the target lives, so its closing is the death of what runs the target.
 */
export class Gate {
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();
  readonly #arrived: Map<string, Arrival> = new Map();
  readonly #awaited: Map<string, ((arrival: Arrival) => void)[]> = new Map();
  readonly #patience: number;

  private constructor(server: Server, patience: number) {
    this.#server = server;
    this.#patience = patience;
    server.on('connection', (socket) => this.#onConnection(socket));
  }

  static async open(patience: number): Promise<Gate> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Gate(server, patience);
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** The labels of those who came. */
  get labels(): string[] {
    return [...this.#arrived.keys()];
  }

  /** Waits until a target knocks with this label. */
  arrival(label: string): Promise<Arrival> {
    return within(this.coming(label), this.#patience, `the job '${label}' runs`);
  }

  /** As {@link arrival}, for as long as it takes. */
  coming(label: string): Promise<Arrival> {
    const there = this.#arrived.get(label);
    if (there !== undefined) return Promise.resolve(there);
    return new Promise((resolve) => {
      const waiters = this.#awaited.get(label) ?? [];
      this.#awaited.set(label, [...waiters, resolve]);
    });
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #onConnection(socket: Socket): void {
    this.#sockets.add(socket);
    // What ran the target was killed; `close` follows.
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
    let said = '';
    const listen = (chunk: string): void => {
      said += chunk;
      const end = said.indexOf('\n');
      if (end < 0) return;
      socket.off('data', listen);
      // Still read, or its end would not be noticed.
      socket.resume();
      this.#welcome(JSON.parse(said.slice(0, end)) as Visitor, socket);
    };
    socket.setEncoding('utf8').on('data', listen);
  }

  #welcome(visitor: Visitor, socket: Socket): void {
    const arrival = new Arrival(visitor, socket);
    this.#arrived.set(visitor.label, arrival);
    for (const wake of this.#awaited.get(visitor.label) ?? []) wake(arrival);
  }
}
