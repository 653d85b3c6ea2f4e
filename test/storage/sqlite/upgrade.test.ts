/** A store of an earlier version is brought along with everything in it, also where tables that others refer to are made anew (R7). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import Database, { type Database as Connection } from 'better-sqlite3';
import { openWriter } from '../../../src/storage/sqlite/connect.ts';
import { prepareFile } from '../../../src/storage/sqlite/files.ts';
import { readMigrations } from '../../../src/storage/sqlite/migrate.ts';
import { openSqliteStorage } from '../../../src/storage/sqlite/open.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-upgrade-'));
  path = join(folder, 'gatehouse.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const LEDGER = `
  CREATE TABLE schema_migrations (
    number INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at INTEGER NOT NULL
  ) STRICT`;

/** A store as it was before the migration of this name, and what `fill` puts in. */
function storeBefore(migration: string, fill: (connection: Connection) => void): void {
  prepareFile(path);
  const connection = openWriter(path);
  connection.exec(LEDGER);
  connection.pragma('application_id = 0x47415445');
  const known = readMigrations();
  const end = known.findIndex(({ name }) => name === migration);
  expect(end).toBeGreaterThan(0);
  for (const { number, name, checksum, text } of known.slice(0, end)) {
    connection.exec(text);
    connection.prepare('INSERT INTO schema_migrations VALUES (?, ?, ?, 0)').run(number, name, checksum);
  }
  fill(connection);
  connection.close();
}

const ORGANIZATION = `
  INSERT INTO organizations (id, version, slug, name, plan_preset, plan_invitations, plan_teams, plan_sso, plan_scim,
    provisioning, default_role, conflict_policy, seats_used, active_owners, created_at, updated_at)
  VALUES ('org_a', 1, 'a', 'A', 'team', 1, 'many', 1, 1, 'directory', 'member', 'highest', 2, 0, 1, 1)`;
const DIRECTORY = `
  INSERT INTO directories (organization_id, id, version, kind, name, status, adoption, extensions, created_at, updated_at)
  VALUES ('org_a', 'dir_a', 1, 'generic', 'D', 'active', 'adopt', '[]', 1, 1)`;

/** One person of a directory, with and without a sign-in address of their own. */
function insertPerson(connection: Connection, key: string, email: string | null): void {
  const run = (text: string, ...values: unknown[]) => connection.prepare(text).run(...values);
  run(
    'INSERT INTO users (id, version, email, email_key, name, created_at, updated_at) VALUES (?, 1, ?, ?, ?, 1, 1)',
    ...[`usr_${key}`, email, email, key],
  );
  run(
    `INSERT INTO memberships (organization_id, id, version, user_id, email, email_key, name, name_key, status, source,
      org_role, created_at, updated_at) VALUES ('org_a', ?, 1, ?, ?, ?, ?, ?, 'active', 'directory', 'member', 1, 1)`,
    ...[`mem_${key}`, `usr_${key}`, `${key}@x.example`, `${key}@x.example`, key, key],
  );
  run(
    `INSERT INTO grants (organization_id, id, membership_id, scope_kind, role, source, rank, created_at)
      VALUES ('org_a', ?, ?, 'org', 'member', '{"kind":"default"}', 0, 1)`,
    ...[`grt_${key}`, `mem_${key}`],
  );
  run(
    `INSERT INTO directory_users (organization_id, directory_id, id, version, membership_id, user_id, is_active, user_name,
      user_name_key, email_keys, attributes, created_at, updated_at)
      VALUES ('org_a', 'dir_a', ?, 1, ?, ?, 1, ?, ?, json_array(?), '{}', 1, 1)`,
    ...[`du_${key}`, `mem_${key}`, `usr_${key}`, key, key, `${key}@x.example`],
  );
  run(
    "INSERT INTO directory_user_emails (organization_id, directory_id, user_id, value_key) VALUES ('org_a', 'dir_a', ?, ?)",
    ...[`du_${key}`, `${key}@x.example`],
  );
}

const count = (table: string): unknown => {
  const connection = new Database(path, { readonly: true });
  const rows = connection.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
  connection.close();
  return rows;
};

test('people, members, their grants and addresses are all there behind "fewer indexes", and go as they came', async () => {
  storeBefore('fewer-indexes', (connection) => {
    connection.exec(`${ORGANIZATION}; ${DIRECTORY}`);
    insertPerson(connection, 'one', null);
    insertPerson(connection, 'two', 'two@home.example');
  });
  const storage = await openSqliteStorage({ path });
  const organizationId = 'org_a' as never;
  const directoryId = 'dir_a' as never;
  expect(await storage.users.findByEmail('two@home.example')).toMatchObject({ id: 'usr_two' });
  const members = await storage.memberships.listByUser('usr_one' as never);
  expect(members).toMatchObject([{ id: 'mem_one', name: 'one', orgRole: 'member' }]);
  expect(await storage.grants.listByMembership(organizationId, 'mem_two' as never)).toHaveLength(1);
  const byEmail = { kind: 'equals', field: 'email', value: 'one@x.example' } as const;
  const found = () =>
    storage.directoryUsers.query(organizationId, directoryId, byEmail, { offset: 0, limit: 9 });
  expect((await found()).rows).toMatchObject([{ id: 'du_one' }]);
  await storage.transact((tx) => tx.directoryUsers.remove(organizationId, directoryId, 'du_one' as never));
  expect((await found()).rows).toEqual([]);
  await storage.transact((tx) => tx.memberships.remove(organizationId, 'mem_one' as never));
  await storage.close();
  expect([count('grants'), count('directory_user_emails'), count('users')]).toEqual([1, 1, 2]);
});

test('an address that is the name of its user is found by it behind "addresses as names", any other by its row', async () => {
  storeBefore('addresses-as-names', (connection) => {
    connection.exec(`${ORGANIZATION}; ${DIRECTORY}`);
    insertPerson(connection, 'one', null);
    insertPerson(connection, 'two', null);
    connection.exec("UPDATE directory_users SET user_name_key = 'one@x.example' WHERE id = 'du_one'");
  });
  const storage = await openSqliteStorage({ path });
  const found = async (value: string) => {
    const query = { kind: 'equals', field: 'email', value } as const;
    const page = { offset: 0, limit: 9 };
    const { rows } = await storage.directoryUsers.query('org_a' as never, 'dir_a' as never, query, page);
    return rows.map(({ id }) => id);
  };
  expect([await found('one@x.example'), await found('two@x.example')]).toEqual([['du_one'], ['du_two']]);
  await storage.close();
  expect(count('directory_user_emails')).toBe(1);
});

test('a store with a row that refers to nothing is refused behind a migration, not served', async () => {
  storeBefore('fewer-indexes', (connection) => {
    connection.exec(ORGANIZATION);
    connection.pragma('foreign_keys = OFF');
    connection.exec(`
      INSERT INTO memberships (organization_id, id, version, user_id, name, name_key, status, source, org_role,
        created_at, updated_at) VALUES ('org_a', 'mem_lost', 1, 'usr_lost', 'x', 'x', 'active', 'manual', 'member', 1, 1)`);
  });
  await expect(openSqliteStorage({ path })).rejects.toThrow('memberships');
});

test('a mail that was settled twice waits no more behind "ended mails"; one that waits and one that was sent stay', async () => {
  const rows = [
    ['evt_broken', '', 9, null],
    ['evt_waiting', '{"to":"a@x.example"}', 9, '451'],
    ['evt_sent', '', null, null],
  ] as const;
  storeBefore('ended-mails', (connection) => {
    connection.exec(ORGANIZATION);
    const insert = `INSERT INTO outbox (organization_id, id, kind, type, payload, created_at, attempts, due_at, last_error)
      VALUES ('org_a', ?, 'mail', 'mail', ?, 1, 1, ?, ?)`;
    for (const row of rows) connection.prepare(insert).run(...row);
  });
  const storage = await openSqliteStorage({ path });
  const left = async (id: string) => {
    const { dueAt, lastError } = (await storage.outbox.find('org_a' as never, id as never)) ?? {};
    return [dueAt, lastError];
  };
  expect(await left('evt_broken')).toEqual([null, 'its text cannot be read']);
  expect(await left('evt_waiting')).toEqual([9, '451']);
  expect(await left('evt_sent')).toEqual([null, null]);
  await storage.close();
});

test('a session under way goes on behind "sessions as they come", whatever stands in it, and ends with its member', async () => {
  const session = {
    ...{
      token_hash: 'now',
      organization_id: 'org_a',
      id: 'ses_a',
      user_id: 'usr_one',
      membership_id: 'mem_one',
    },
    ...{
      connection_id: null,
      org_role: 'member',
      previous_token_hash: 'before',
      rotated_at: 1,
      confirmed_at: 2,
    },
    ...{ amr: '["pwd"]', upstream: '{"nameId":"n","sid":"s"}', upstream_name_id: 'n', upstream_sid: 's' },
    ...{ emergency: 1, ip: '192.0.2.1', user_agent: 'Browser', auth_time: 3, authenticated_at: 4 },
    ...{ created_at: 5, last_seen_at: 6, expires_at: 7 },
  };
  const columns = Object.keys(session);
  storeBefore('sessions-as-they-come', (connection) => {
    connection.exec(`${ORGANIZATION}; ${DIRECTORY}`);
    insertPerson(connection, 'one', null);
    const places = columns.map(() => '?').join(', ');
    const insert = `INSERT INTO sessions (${columns.join(', ')}) VALUES (${places})`;
    connection.prepare(insert).run(...Object.values(session));
  });
  const storage = await openSqliteStorage({ path });
  expect(await storage.sessions.findByHash('now')).toMatchObject({
    id: 'ses_a',
    rotatedAt: 1,
    ip: '192.0.2.1',
  });
  expect(await storage.sessions.findByHash('before')).toMatchObject({ id: 'ses_a', emergency: true });
  const connection = new Database(path, { readonly: true });
  expect(connection.prepare('SELECT * FROM sessions').all()).toEqual([{ ...session, auth_time_assumed: 0 }]);
  connection.close();
  await storage.transact((tx) => tx.memberships.remove('org_a' as never, 'mem_one' as never));
  await storage.close();
  expect(count('sessions')).toBe(0);
});

/** What is known of each grant's session, and how many codes and tokens are left, behind "grants by themselves". */
const GRANTS = `
  INSERT INTO applications VALUES ('app_a', 1, 'P', '[]', '[]', NULL, 'null', 'none', '[]', 'ES256', '[]', 1, 1);
  INSERT INTO connections (organization_id, id, version, name, status, settings, jit, idp_initiated, attributes, created_at, updated_at)
    VALUES ('org_a', 'con_on', 1, 'C', 'active', '{"protocol":"saml"}', 0, 0, '{}', 1, 1),
      ('org_a', 'con_off', 1, 'D', 'disabled', '{"protocol":"saml"}', 0, 0, '{}', 1, 1);
  INSERT INTO sessions (token_hash, organization_id, id, user_id, membership_id, connection_id, org_role, amr, emergency, auth_time,
    authenticated_at, created_at, last_seen_at, expires_at)
    VALUES ('h1', 'org_a', 'ses_open', 'usr_one', 'mem_one', 'con_on', 'member', '[]', 0, 1, 5, 5, 5, 99),
      ('h2', 'org_a', 'ses_code', 'usr_one', 'mem_one', NULL, 'owner', '["otp"]', 1, 1, 6, 6, 6, 50);`;

/** Session, how the audit tells its beginning (absent: it does not), methods. */
const SESSIONS = [
  ['ses_open', undefined, '["pwd"]'],
  ['ses_code', undefined, '["otp"]'],
  ['ses_over', 'con_on', '["pwd"]'],
  ['ses_password', null, '["pwd"]'],
  ['ses_disabled', 'con_off', '["pwd"]'],
  ['ses_code_over', null, '["otp"]'],
  ['ses_forgotten', undefined, '["pwd"]'],
] as const;

test.each([
  ['optional', ['ses_code', 'ses_open', 'ses_over', 'ses_password']],
  ['required', ['ses_code', 'ses_open', 'ses_over']],
])(
  'what an application was let know says where its session came from; where that cannot be known, or %s single sign-on ends it, it is over',
  async (policy, left) => {
    storeBefore('grants-by-connection', (connection) => {
      connection.exec(`${ORGANIZATION}; ${DIRECTORY}`);
      insertPerson(connection, 'one', null);
      connection.exec(GRANTS);
      const run = (text: string, ...values: unknown[]) => connection.prepare(text).run(...values);
      run('UPDATE organizations SET sso_policy = ?', policy);
      for (const [session, connectionId, amr] of SESSIONS) {
        run(
          `INSERT INTO application_grants (organization_id, id, version, membership_id, user_id, application_id, session_id, scopes,
          created_at, expires_at, auth_time, amr) VALUES ('org_a', ?, 1, 'mem_one', 'usr_one', 'app_a', ?, '[]', 7, 90, 1, ?)`,
          ...[`agr_${session}`, session, amr],
        );
        run(
          "INSERT INTO provider_records VALUES ('RefreshToken', ?, 'org_a', ?, '{}', NULL, 90)",
          session,
          `agr_${session}`,
        );
        if (connectionId !== undefined)
          run(
            `INSERT INTO audit_events (organization_id, id, type, actor, target_kind, target_id, details, request_id, at)
            VALUES ('org_a', ?, 'session.started', '{}', 'membership', 'mem_one', ?, 'r', 8)`,
            ...[`aud_${session}`, JSON.stringify({ sessionId: session, connectionId })],
          );
      }
    });
    const storage = await openSqliteStorage({ path });
    const grants = await storage.applicationGrants.listByMembership('org_a' as never, 'mem_one' as never);
    await storage.close();
    expect(grants.map(({ sessionId }) => sessionId)).toEqual(left);
    expect(count('provider_records')).toBe(left.length);
    const known = new Map(grants.map((grant) => [String(grant.sessionId), grant]));
    expect(known.get('ses_open')).toMatchObject({
      connectionId: 'con_on',
      emergency: false,
    });
    expect(known.get('ses_over')).toMatchObject({
      connectionId: 'con_on',
      expiresAt: 90,
    });
    expect(known.get('ses_code')).toMatchObject({ connectionId: null, emergency: true, expiresAt: 50 });
  },
);
