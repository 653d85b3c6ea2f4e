/** Reads the store's file beside the store: what the journal holds, and which tables still know an organization. */
import Database from 'better-sqlite3';
import type { AuditType } from '../../src/core/entities/journal.ts';
import type { Storage } from '../../src/core/ports/storage.ts';
import type { OrganizationId } from '../../src/kernel/ids.ts';

function open<Result>(path: string, read: (database: Database.Database) => Result): Result {
  const database = new Database(path, { readonly: true });
  try {
    return read(database);
  } finally {
    database.close();
  }
}

const textOf = (row: unknown, column: string): string => {
  const value: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, column) : undefined;
  return String(value);
};

/** How many audit rows and how many events for the product an organization has (law 9: always equal). */
export const journalOf = (path: string, organizationId: string): { audit: number; events: number } =>
  open(path, (database) => {
    const count = (sql: string) => Number(textOf(database.prepare(sql).get(organizationId), 'n'));
    return {
      audit: count('SELECT count(*) AS n FROM audit_events WHERE organization_id = ?'),
      events: count("SELECT count(*) AS n FROM outbox WHERE organization_id = ? AND kind = 'event'"),
    };
  });

/** Every table with a row in which any column holds `text`, with how many such rows. */
export const tablesThatKnow = (path: string, text: string): Readonly<Record<string, number>> =>
  open(path, (database) => {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    const found: [string, number][] = tables.map((row) => {
      const table = textOf(row, 'name');
      const rows = database.prepare(`SELECT * FROM "${table}"`).all();
      return [table, rows.filter((one) => JSON.stringify(one).includes(text)).length];
    });
    return Object.fromEntries(found.filter(([, rows]) => rows > 0));
  });

/** How many rows a table has. */
export const rowsIn = (path: string, table: string): number =>
  open(path, (database) =>
    Number(textOf(database.prepare(`SELECT count(*) AS n FROM "${table}"`).get(), 'n')),
  );

/** How many audit rows of this type an organization, or the installation, has; a thousand at most. */
export const countOfType = async (
  { auditEvents }: Pick<Storage, 'auditEvents'>,
  owner: OrganizationId,
  type: AuditType,
): Promise<number> => (await auditEvents.list(owner, { type }, { limit: 1000 })).length;
