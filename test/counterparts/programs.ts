/** Programs of other people, run for one test file: on loopback, from a folder of their own, ended by process id. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { request } from 'undici';
import { PATIENT_MS } from '../support/in-time.ts';

export interface Program {
  /** Everything it has written so far, both streams. */
  output(): string;
  /** Sends a signal to it and what it started. */
  signal(name: NodeJS.Signals): void;
  /** Stops it and what it started; none of them runs any more when this returns. SIGCONT lets them go on. */
  stop(): void;
  /** Ends it and what it started, by process group; none of them writes any more when this resolves. */
  close(): Promise<void>;
}

export interface ProgramStart {
  readonly command: string;
  readonly parameters: readonly string[];
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Answers with any status below 500 once the program serves; or asks it in its own tongue whether it does. */
  readonly ready: string | (() => Promise<boolean>);
}

/** Starts a program and waits until it serves. Throws with its output when it ends, or does not serve in ten minutes. */
export async function startProgram(start: ProgramStart): Promise<Program> {
  const { command, parameters, folder } = start;
  const chunks: string[] = [];
  const child = spawn(command, parameters, {
    cwd: folder,
    env: { PATH: process.env.PATH, ...start.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own: workers end with it.
    detached: true,
  });
  child.on('error', (error) => chunks.push(`${error.message}\n`));
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
  const output = () => chunks.join('');
  const close = async () => {
    if (child.pid === undefined) return;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      process.kill(-child.pid, 'SIGKILL');
      await ended;
    }
    while (statesOf(child.pid).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const { ready } = start;
  const isReady = () => (typeof ready === 'string' ? isServing(ready) : ready());
  const signal = (name: NodeJS.Signals) => {
    if (child.pid !== undefined) process.kill(-child.pid, name);
  };
  const stop = () => {
    signal('SIGSTOP');
    while (child.pid !== undefined && statesOf(child.pid).some((state) => state !== 'T'));
  };
  const limit = AbortSignal.timeout(PATIENT_MS);
  while (!(await isReady())) {
    const isOver = child.exitCode !== null || child.signalCode !== null;
    if (child.pid !== undefined && !isOver && !limit.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    await close();
    throw new Error(`${command} does not serve${typeof ready === 'string' ? ` ${ready}` : ''}\n${output()}`);
  }
  return { output, signal, stop, close };
}

/** The states of the processes of a group that have not ended: `R` runs, `S` waits, `T` is stopped. */
function statesOf(group: number): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const [state = 'X', , owner] = statusOf(pid);
      return owner === String(group) && !/[ZX]/.test(state) ? [state] : [];
    });
}

/** What stands behind the name in `/proc/PID/stat`: state, parent, group, ...; nothing once it is gone. */
function statusOf(pid: string): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

async function isServing(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(url);
    await body.dump();
    return statusCode < 500;
  } catch {
    return false;
  }
}

export interface Folder {
  readonly path: string;
  /** Writes a file below the folder and answers its whole path. */
  write(name: string, text: string): string;
  /** Makes a folder below it and answers its whole path. */
  folder(name: string): string;
  remove(): void;
}

/** A folder nobody else uses. */
export function createFolder(name: string): Folder {
  const path = mkdtempSync(join(tmpdir(), `gatehouse-${name}-`));
  return {
    path,
    write: (file, text) => {
      const target = join(path, file);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text);
      return target;
    },
    folder: (child) => {
      mkdirSync(join(path, child), { recursive: true });
      return join(path, child);
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
