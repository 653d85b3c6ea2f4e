/** The gateway as a process of its own, for tests that kill it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

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

export interface ProcessOptions {
  /** Modules that run in it before its own. */
  readonly preloads?: readonly string[];
  /** More of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Resolves when it is ready; throws what it said when it ends before. Whoever starts it ends it, and waits: `endChild`. */
export async function startGatewayProcess(
  port: number,
  dataDir: string,
  { preloads = [], env: more = {} }: ProcessOptions = {},
): Promise<GatewayProcess> {
  const env = {
    PATH: process.env.PATH,
    PORT: String(port),
    GATEHOUSE_DATA_DIR: dataDir,
    GATEHOUSE_OPERATOR_KEY: OPERATOR_KEY,
    GATEHOUSE_RATE_LIMITS: 'off',
    ...more,
  };
  const imports = preloads.flatMap((preload) => ['--import', preload]);
  const child = spawn(process.execPath, [...imports, 'src/main.ts'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.resume();
  await ready(child);
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

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let printed = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      if (printed.includes('Gatehouse is ready')) resolve();
    });
    child.once('close', () => reject(new Error(`The gateway ended before it was ready.\n${printed}`)));
  });
}

/** Sends it the signal, unless it has ended already, and waits for its end: until then it may write and hold its port. Answers its status. */
export async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
  return child.exitCode;
}
