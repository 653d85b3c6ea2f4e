/** A fresh SQLite store in a folder of its own, for tests that need storage but are not about it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Storage } from '../../src/core/ports/storage.ts';
import { openSqliteStorage } from '../../src/storage/sqlite/open.ts';

/** `path` is the store's file; `close` closes the store and removes the folder. */
export interface TestStorage {
  readonly storage: Storage;
  readonly path: string;
  close(): Promise<void>;
}

/** Opens an empty store that nobody else uses. */
export async function openTestStorage(): Promise<TestStorage> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-storage-'));
  const path = join(folder, 'gatehouse.db');
  const storage = await openSqliteStorage({ path });
  return {
    storage,
    path,
    close: async () => {
      await storage.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
