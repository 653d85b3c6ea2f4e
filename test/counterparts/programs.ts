/** Programs of other people, run for one test file: on loopback, from a folder of their own, ended by process id. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { request } from 'undici';

export interface Program {
  /** Everything it has written so far, both streams. */
  output(): string;
  /** Sends a signal to it and what it started. */
  signal(name: NodeJS.Signals): void;
  /** Ends it and what it started, by process group. */
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

const LONGEST_START_MS = 60_000;

/** Starts a program and waits until it serves. Throws with its output when it ends or does not serve in a minute. */
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
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    process.kill(-child.pid, 'SIGKILL');
    await ended;
  };
  const { ready } = start;
  const isReady = () => (typeof ready === 'string' ? isServing(ready) : ready());
  const signal = (name: NodeJS.Signals) => {
    if (child.pid !== undefined) process.kill(-child.pid, name);
  };
  const limit = AbortSignal.timeout(LONGEST_START_MS);
  while (!(await isReady())) {
    if (child.pid !== undefined && child.exitCode === null && !limit.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    await close();
    throw new Error(`${command} does not serve${typeof ready === 'string' ? ` ${ready}` : ''}\n${output()}`);
  }
  return { output, signal, close };
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
