/** A port of 127.0.0.1 at which nobody listens, and nobody will. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

export interface ClosedPort {
  readonly port: number;
  close(): void;
}

/**
 * The near end of a connection that stays open: the system gives its port to nobody else, and whoever calls it is refused. A port
 * that was listened at and let go may be another program's a moment later.
 */
export async function holdClosedPort(): Promise<ClosedPort> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const holder = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(holder, 'connect');
  return {
    port: holder.localPort ?? 0,
    close: () => {
      holder.destroy();
      server.close();
    },
  };
}
