/** The adapters that keep the contract. A new one is a new entry here; the suites know nothing of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Storage } from '../../src/core/ports/storage.ts';
import { createSealer } from '../../src/kernel/sealing.ts';
import { sealSecrets } from '../../src/storage/seal-secrets.ts';
import { openSqliteStorage } from '../../src/storage/sqlite/open.ts';
import type { OpenStorage } from './storage-under-test.ts';

/** `location` is a text that another process can open the same data by: a file, or a database address. */
export interface Adapter {
  readonly name: string;
  readonly newLocation: () => Promise<string>;
  readonly openAt: (location: string) => Promise<Storage>;
  readonly removeLocation: (location: string) => Promise<void>;
}

const SEALER = createSealer(Buffer.alloc(32, 'contract'));

const sqlite: Adapter = {
  name: 'sqlite',
  newLocation: async () => join(await mkdtemp(join(tmpdir(), 'gatehouse-contract-')), 'gatehouse.db'),
  openAt: (path) => openSqliteStorage({ path }),
  removeLocation: (path) => rm(dirname(path), { recursive: true, force: true }),
};

/** The decorator keeps the contract of what it wraps: callers cannot tell that it is there. */
function sealed(adapter: Adapter): Adapter {
  return {
    ...adapter,
    name: `${adapter.name} with sealed secrets`,
    openAt: async (location) => sealSecrets(await adapter.openAt(location), SEALER),
  };
}

/** The engines bare. */
export const ENGINES: readonly Adapter[] = [sqlite];
/** The engines behind each decorator, as the program runs them. */
export const DECORATED: readonly Adapter[] = ENGINES.map(sealed);

/** Throws when no adapter has that name. */
export function adapterNamed(name: string): Adapter {
  const adapter = [...ENGINES, ...DECORATED].find((each) => each.name === name);
  if (adapter === undefined) throw new Error(`no adapter is called ${name}`);
  return adapter;
}

const CRASH_CHILD = fileURLToPath(new URL('./crash-child.ts', import.meta.url));

/** Opens an empty store of the adapter in a place of its own, with everything the suites may ask of it. */
export function opener(adapter: Adapter): OpenStorage {
  return async () => {
    const location = await adapter.newLocation();
    const command = [process.execPath, CRASH_CHILD, adapter.name, location];
    let current = await adapter.openAt(location);
    const reopen = async () => {
      await current.close();
      current = await adapter.openAt(location);
      return current;
    };
    return {
      storage: current,
      reopen,
      crash: async (killWriter) => {
        await current.close();
        await killWriter(command);
        return reopen();
      },
      close: async () => {
        await current.close();
        await adapter.removeLocation(location);
      },
    };
  };
}
