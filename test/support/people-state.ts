/** What members, sessions and invitations of an organization are, row by row, for tests that nothing of it has changed. */
import Database from 'better-sqlite3';
import type { OrganizationId } from '../../src/kernel/ids.ts';
import type { TestGateway } from './gateway.ts';

const TABLES = [
  'memberships',
  'grants',
  'team_members',
  'sessions',
  'identities',
  'invitations',
  'adoption_conflicts',
  'removed_directory_users',
  'api_keys',
] as const;

/** Rows by table; `leave` names columns that a test does not speak of. Users are those with a membership here. */
export function peopleState(
  { path }: Pick<TestGateway, 'path'>,
  organizationId: OrganizationId,
  leave: readonly string[] = [],
): Readonly<Record<string, readonly unknown[]>> {
  const store = new Database(path, { readonly: true });
  const all = (sql: string) => store.prepare<string, Record<string, unknown>>(sql).all(organizationId);
  const told = (rows: readonly Record<string, unknown>[]) =>
    rows.map((row) => JSON.stringify(row, (key, value) => (leave.includes(key) ? undefined : value))).sort();
  try {
    return {
      ...Object.fromEntries(
        TABLES.map((table) => [table, told(all(`SELECT * FROM ${table} WHERE organization_id = ?`))]),
      ),
      organizations: told(all('SELECT * FROM organizations WHERE id = ?')),
      users: told(
        all('SELECT * FROM users WHERE id IN (SELECT user_id FROM memberships WHERE organization_id = ?)'),
      ),
      mails: told(all("SELECT id FROM outbox WHERE kind = 'mail' AND organization_id = ?")),
    };
  } finally {
    store.close();
  }
}
