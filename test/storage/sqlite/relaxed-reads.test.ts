/** Reads that follow right upon a write that does not wait for the disk: they share a transaction, and the writer must not stumble over it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { openSqliteStorage } from '../../../src/storage/sqlite/open.ts';
import { anOrganization } from '../../support/builders.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-relaxed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(['relaxed', 'brief'] as const)(
  'whoever reads at the moment a %s write is answered reads it, and later writes go on',
  async (durability) => {
    const storage = await openSqliteStorage({ path: join(folder, `${durability}.db`) });
    const rows = Array.from({ length: 50 }, () => anOrganization());
    for (const row of rows) {
      const found = await storage
        .transact((tx) => tx.organizations.insert(row.id, row), durability)
        .then(() => storage.organizations.find(row.id));
      expect(found?.id).toBe(row.id);
    }
    const last = anOrganization();
    await storage.transact((tx) => tx.organizations.insert(last.id, last));
    expect((await storage.organizations.find(last.id))?.id).toBe(last.id);
    await storage.close();
  },
);
