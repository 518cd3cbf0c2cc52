import { createServer } from 'node:net';

// Below the range from which Linux and macOS hand out ports for outgoing connections and for port 0, so that nobody is
// given a server's port while that server restarts.
const FIRST_PORT = 20_000;
const PORTS = 10_000;

const handedOut = new Set<number>();

/** A port of 127.0.0.1 that is free now and that this process hands out once. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    if (handedOut.has(port) || !(await canListen(port))) continue;
    handedOut.add(port);
    return port;
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
