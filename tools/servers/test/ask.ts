import { connect } from 'node:net';

/** Sends bytes to a port and gives the first bytes that come back. */
export function ask(port: number, bytes: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.once('error', reject);
    socket.once('data', (answer) => {
      socket.destroy();
      resolve(answer);
    });
  });
}
