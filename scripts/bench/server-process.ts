/** Runs one server under test as a child process and reads what it costs. Ends only what it started, by its id. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { findFreePort } from '../../test/support/free-port.ts';

export interface ServerCost {
  /** CPU milliseconds of all threads since the start. */
  readonly cpuMs: number;
  readonly rssMb: number;
}

export interface ServerProcess {
  readonly pid: number;
  /** `http://127.0.0.1:port` */
  readonly origin: string;
  /** Milliseconds from the start of the process to the first answer. */
  readonly readyMs: number;
  cost(): ServerCost;
  /** SIGTERM, then SIGKILL after five seconds. Resolves when the process is gone. */
  stop(): Promise<void>;
}

export interface ServerRecipe {
  /** Arguments for node, the script first. */
  readonly parameters: readonly string[];
  /** Besides what the bench itself was given; Gatehouse's own variables are not inherited. */
  environment(port: number): Readonly<Record<string, string>>;
  /** Any answer here means ready. */
  readonly readyPath: string;
  readonly workingFolder: string;
}

/** Starts the server on a free port and resolves once it answers. Throws with its last words if it ends before that. */
export async function startServer(recipe: ServerRecipe): Promise<ServerProcess> {
  const port = await findFreePort();
  const origin = `http://127.0.0.1:${port}`;
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...recipe.parameters], {
    cwd: recipe.workingFolder,
    env: { ...inheritedEnvironment(), NODE_ENV: 'production', ...recipe.environment(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const words = lastWords(child);
  // A bench that is interrupted leaves no server behind.
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => {
      process.removeListener('exit', endWithUs);
      resolve();
    }),
  );
  const stop = () => end(child, ended);
  try {
    await untilAnswering(`${origin}${recipe.readyPath}`, child, words);
  } catch (error) {
    await stop();
    throw error;
  }
  const pid = child.pid ?? 0;
  return { pid, origin, readyMs: performance.now() - startedAt, cost: () => readCost(pid), stop };
}

/** The settings of a gateway that happens to be configured in this shell would make another server of it. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(GATEHOUSE_|PORT$|NODE_OPTIONS$)/.test(name)),
  );
}

/** Keeps reading what the server says, so that a full pipe never stops it, and remembers the end. */
function lastWords(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString('utf8')).slice(-4_000);
  });
  return () => text.trim();
}

async function untilAnswering(url: string, child: ChildProcess, words: () => string): Promise<void> {
  for (let tries = 0; tries < 3_000; tries += 1) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    try {
      await (await fetch(url)).arrayBuffer();
      return;
    } catch {
      await wait(20);
    }
  }
  throw new Error(`The server did not start: ${words()}`);
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const isGone = await Promise.race([ended.then(() => true), wait(5_000, false, { ref: false })]);
  if (!isGone) child.kill('SIGKILL');
  await ended;
}

/** Nanoseconds from schedstat where the kernel counts them: clock ticks of 10 ms would drown a short round. */
function readCost(pid: number): ServerCost {
  const residentKb = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { cpuMs: fineCpuMs(pid) ?? coarseCpuMs(pid), rssMb: Number(residentKb ?? 0) / 1024 };
}

function fineCpuMs(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .map((thread) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8'))
      .reduce((sum, text) => sum + Number(text.split(' ', 1)[0]) / 1e6, 0);
  } catch {
    return undefined;
  }
}

const TICK_MS = 10;

function coarseCpuMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
