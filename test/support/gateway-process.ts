/** The gateway as a process of its own, for tests that kill it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

const OPERATOR_KEY = 'operator-key-of-the-crash-test-0123456789';

export interface GatewayProcess {
  readonly child: ChildProcess;
  /** Asks with the token given, else with the operator's key. */
  ask(method: string, path: string, wish?: Wish): Promise<Response>;
  /** The same; answers the body. */
  call(method: string, path: string, wish?: Wish): Promise<unknown>;
}

interface Wish {
  /** Text goes as a CSV file, everything else as JSON. */
  readonly body?: unknown;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Resolves when it is ready. Whoever starts it ends it. */
export async function startGatewayProcess(port: number, dataDir: string): Promise<GatewayProcess> {
  const env = {
    PATH: process.env.PATH,
    PORT: String(port),
    GATEHOUSE_DATA_DIR: dataDir,
    GATEHOUSE_OPERATOR_KEY: OPERATOR_KEY,
    GATEHOUSE_RATE_LIMITS: 'off',
  };
  const child = spawn(process.execPath, ['src/main.ts'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.resume();
  await new Promise<void>((resolve) => {
    let printed = '';
    child.stderr.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      if (printed.includes('Gatehouse is ready')) resolve();
    });
  });
  const ask: GatewayProcess['ask'] = (method, path, { body, token = OPERATOR_KEY, headers = {} } = {}) => {
    const isText = typeof body === 'string';
    return fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        'Content-Type': isText ? 'text/csv' : 'application/json',
        ...headers,
      },
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    });
  };
  return { child, ask, call: async (method, path, wish) => (await ask(method, path, wish)).json() };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
