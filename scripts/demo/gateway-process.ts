/** The gateway as users run it: `node src/main.ts` as a process of its own, on a fresh data folder and a free port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { findFreePort } from '../../test/support/free-port.ts';

export interface GatewayProcess {
  /** `http://localhost:PORT` */
  readonly baseUrl: string;
  readonly operatorKey: string;
  readonly dataDir: string;
  /** From the start of the process to its first `ready`. */
  readonly readyAfterMs: number;
  /** Everything it has written so far, both streams. */
  output(): string;
  /** Ends the process, by its id, and removes the data folder. */
  close(): Promise<void>;
}

/** Of a machine that is busy with much else. */
const LONGEST_START_MS = 300_000;
const LONGEST_STOP_MS = 30_000;

/** Starts the gateway and waits until it is ready. Throws with its output when it ends or is not ready in five minutes. */
export async function startGatewayProcess(settings: {
  readonly smtpUrl: string;
  /** Comma-separated; the system's if absent. */
  readonly dnsServers?: string;
}): Promise<GatewayProcess> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-demo-'));
  const operatorKey = `demo_${randomBytes(24).toString('base64url')}`;
  const port = await findFreePort();
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd: join(import.meta.dirname, '..', '..'),
    env: {
      ...ownEnvironment(),
      PORT: String(port),
      GATEHOUSE_HOST: '127.0.0.1',
      GATEHOUSE_DATA_DIR: dataDir,
      GATEHOUSE_OPERATOR_KEY: operatorKey,
      GATEHOUSE_EGRESS_ALLOW: '127.0.0.1,localhost',
      GATEHOUSE_SMTP_URL: settings.smtpUrl,
      GATEHOUSE_DNS_SERVERS: settings.dnsServers ?? '',
      GATEHOUSE_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own process group: Ctrl-C reaches the demo alone, which then ends the gateway in order.
    detached: true,
  });
  const output = collectOutput(child);
  const killAtExit = () => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const close = async () => {
    await endProcess(child);
    process.removeListener('exit', killAtExit);
    rmSync(dataDir, { recursive: true, force: true });
  };
  const baseUrl = `http://localhost:${port}`;
  try {
    await untilReady(child, `${baseUrl}/readyz`);
  } catch (error) {
    await close();
    throw new Error(`The gateway did not start.\n${output()}`, { cause: error });
  }
  return { baseUrl, operatorKey, dataDir, output, close, readyAfterMs: performance.now() - startedAt };
}

/** The environment without settings of another gateway, which would bend the demo. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith('GATEHOUSE_'));
  return Object.fromEntries(entries);
}

function collectOutput(child: ChildProcess): () => string {
  const chunks: string[] = [];
  child.on('error', (error) => chunks.push(`${error.message}\n`));
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
  }
  return () => chunks.join('');
}

export async function untilReady(child: ChildProcess, url: string): Promise<void> {
  const limit = AbortSignal.timeout(LONGEST_START_MS);
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined)
      throw new Error('it ended');
    if (await isReady(url)) return;
    if (limit.aborted) throw new Error('it was not ready in time');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(url);
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const limit = setTimeout(() => child.kill('SIGKILL'), LONGEST_STOP_MS);
  await ended;
  clearTimeout(limit);
}
