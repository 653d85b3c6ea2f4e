/** Starts each kind of server with an empty store in a folder that goes away with the run. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../server-process.ts';
import type { Peer } from '../subject.ts';
import { newStore, startGatehouse } from './gatehouse.ts';

/** Runs `work` with a new folder and removes the folder afterwards, whatever happens; an exit of the process included. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    return await work(folder);
  } finally {
    process.removeListener('exit', remove);
    remove();
  }
}

/** The servers that can be compared. All keep to one folder. */
export const peerStarts: Readonly<Record<string, (folder: string) => Promise<Peer>>> = {
  gatehouse: async (folder) => (await startGatehouse(newStore(join(folder, 'gatehouse')))).peer,
  ceiling: (folder) => startScript('ceiling.ts', { BENCH_FILE: join(folder, 'ceiling.db') }),
  scimmy: () => startScript('scimmy.ts', {}),
  'scimmy-naive': () => startScript('scimmy.ts', { BENCH_NAIVE: '1' }),
};

async function startScript(file: string, settings: Readonly<Record<string, string>>): Promise<Peer> {
  const bearer = randomBytes(16).toString('hex');
  const server = await startServer({
    parameters: [join(import.meta.dirname, file)],
    workingFolder: import.meta.dirname,
    readyPath: '/scim/v2/ServiceProviderConfig',
    environment: (port) => ({ ...settings, BENCH_PORT: String(port), BENCH_BEARER: bearer }),
  });
  return {
    base: `${server.origin}/scim/v2`,
    bearer,
    pid: server.pid,
    readyMs: server.readyMs,
    cost: server.cost,
    stop: server.stop,
  };
}
