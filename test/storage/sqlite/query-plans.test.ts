/** Every statement of every repository finds its rows by index: the plans hold whatever the number of rows. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import Database, { type Database as Connection } from 'better-sqlite3';
import type { GroupQuery, UserQuery } from '../../../src/core/directory/directory-query.ts';
import type { Repositories } from '../../../src/core/ports/storage.ts';
import { createRepositories } from '../../../src/storage/sqlite/repositories.ts';
import { asPrepared, type Row, type Sql } from '../../../src/storage/sqlite/sql.ts';
import { aSigningKey } from '../../support/application-builders.ts';
import { aPasskey, aSecondFactor } from '../../support/credential-builders.ts';
import { openTestStorage, type TestStorage } from '../../support/storage.ts';
import { aWorld, plantWorld } from '../../support/world.ts';
import { journalCalls, movingHead } from './plan-calls-journal.ts';
import { memberPlans, peopleCalls } from './plan-calls-people.ts';

let under: TestStorage;
let connection: Connection;

beforeAll(async () => {
  under = await openTestStorage();
  connection = new Database(under.path, { readonly: true });
});
afterAll(async () => {
  connection.close();
  await under.close();
});

/** Answers the statements that `work` sends, without running any; `found` is what a look-up of one row is told. */
async function statementsOf(
  work: (repositories: Repositories) => Promise<unknown>,
  found?: Row,
): Promise<readonly string[]> {
  const texts: string[] = [];
  const note = (text: string) => {
    texts.push(text);
  };
  const sql: Sql = {
    run: (text) => {
      note(text);
      return 1;
    },
    get: (text) => {
      note(text);
      return found;
    },
    all: (text) => {
      note(text);
      return [];
    },
    compose: (text) => {
      note(text);
      return [];
    },
    tuples: (text) => {
      note(text);
      return [];
    },
  };
  await work(createRepositories(sql, { head: movingHead() }));
  return texts;
}

/** The plan, step by step. */
function stepsOf(statement: string): readonly string[] {
  const plan = connection.prepare<unknown[], { detail: string }>(
    `EXPLAIN QUERY PLAN ${asPrepared(statement)}`,
  );
  const blanks = Array.from({ length: statement.split('?').length - 1 }, () => null);
  return plan.all(...blanks).map(({ detail }) => detail);
}

/** The steps of the plan that read a whole table or index; what a subquery, or `owners`, reads is a step of its own. */
const slowSteps = (statement: string): readonly string[] =>
  stepsOf(statement).filter((detail) => /^SCAN (?!json_each|\(subquery|owners)/.test(detail));

/** Kinds of which an organization has few: reading all of them is how they are read. */
const FEW =
  /^SEARCH (teams|directories|directory_tokens|directory_clients|group_mappings|mapping_tests|connections|domains|emergency_codes|audit_heads|api_keys|webhooks) /;

/** The steps that read all of an organization, or of a directory, of a kind of which there may be many. */
const wideSteps = (statement: string): readonly string[] =>
  stepsOf(statement).filter(
    (step) => /\(organization_id=\?( AND directory_id=\?)?\)/.test(step) && !FEW.test(step),
  );

/** Statements that end an organization or a directory, the look-up of its groups for that, and the recorder's count from its newest entry. */
const ASKS_FOR_ALL =
  /^DELETE FROM (organizations|directories|audit_events|audit_heads|outbox|webhooks) |^DELETE FROM (\w+) WHERE .* IN \(SELECT .* FROM \2 WHERE organization_id = \?( AND directory_id = \?)? LIMIT 250\)$|^SELECT id FROM (recorder_entries|directory_groups)/;

/** Statistics know the key of a table without row ids by the name of the table. */
const INDEXES = `
  SELECT t.name AS tbl, iif(t.wr = 1 AND i.origin = 'pk', t.name, i.name) AS idx
  FROM pragma_table_list AS t JOIN pragma_index_list(t.name) AS i
  WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%'`;

const world = aWorld();
const id = world.organization.id;
const { membership, directory, directoryUser, group, connection: upstream, user } = world;
const PAGE = { offset: 100, limit: 10 };

const CALLS: Readonly<Record<string, (repositories: Repositories) => Promise<unknown>>> = {
  organizations: async ({ organizations }) => [
    await organizations.find(id),
    await organizations.findBySlug('x'),
    await organizations.list(PAGE),
    await organizations.update(id, world.organization, 1),
    await organizations.moveCounts(id, { seats: 1, owners: 0 }),
    await organizations.remove(id),
  ],
  users: async ({ users }) => [
    await users.find(user.id),
    await users.findByEmail('x'),
    await users.update(user, 1),
    await users.remove(user.id),
  ],
  credentials: async ({ oneTimeRecords, secondFactors, recoveryCodes, passkeys }) => [
    await oneTimeRecords.find('undo', 'x'),
    await oneTimeRecords.consume('undo', 'x'),
    await oneTimeRecords.claim('undo', 'x', 1),
    await oneTimeRecords.removeByUser(user.id, {}),
    await oneTimeRecords.removeByUser(user.id, { purposes: ['undo'] }),
    await oneTimeRecords.eraseProofs('x'),
    await oneTimeRecords.removeExpired(1),
    await secondFactors.find(user.id),
    await secondFactors.update(aSecondFactor(user.id), 1),
    await secondFactors.claim(user.id, 1),
    await secondFactors.remove(user.id),
    await recoveryCodes.replace(user.id, []),
    await recoveryCodes.consume(user.id, 'x'),
    await recoveryCodes.count(user.id),
    await passkeys.findByCredential('x'),
    await passkeys.listByUser(user.id),
    await passkeys.update(aPasskey(user.id), 1),
    await passkeys.claim('x', { counter: 1, usedAt: 1 }),
    await passkeys.remove(user.id, aPasskey(user.id).id),
  ],
  ...peopleCalls(world),
  invitations: async ({ invitations }) => [
    await invitations.find(id, world.invitation.id),
    await invitations.findPendingByEmail(id, 'x'),
    await invitations.list(id, {}, PAGE),
    await invitations.list(id, { status: 'accepted' }, PAGE),
    await invitations.list(id, { text: 'x', status: 'pending' }, PAGE),
    await invitations.findNth(id, { status: 'pending', after: 'z' }, 5_000),
    await invitations.listPending(id),
    await invitations.update(id, world.invitation, 1),
    await invitations.erase(id, world.invitation, 2),
    await invitations.claim(id, world.invitation.id, { membershipId: membership.id, now: 1 }),
    await invitations.findByTokenHash('x'),
  ],
  'directories and tokens': async ({ directories, directoryTokens, groupMappings, mappingTests }) => [
    ...[await directories.find(id, directory.id), await directories.findVersion(id, directory.id)],
    await directories.list(id),
    await directories.update(id, directory, 1),
    await directories.remove(id, directory.id),
    await directoryTokens.list(id, directory.id),
    await directoryTokens.findByHash('x'),
    await directoryTokens.updateLastUsed(id, world.token.id, 1),
    await directoryTokens.claimWarning(id, world.token.id, 30),
    await directoryTokens.listExpiring({ after: 1, until: 2 }, 10),
    await directoryTokens.remove(id, directory.id, world.token.id),
    await groupMappings.find(id, world.mapping.id),
    await groupMappings.list(id),
    await groupMappings.update(id, world.mapping, 1),
    await groupMappings.remove(id, world.mapping.id),
    await mappingTests.find(id, world.mappingTest.id),
    await mappingTests.list(id),
    await mappingTests.update(id, world.mappingTest, 1),
    await mappingTests.remove(id, world.mappingTest.id),
  ],
  'directory users': async ({ directoryUsers }) => [
    await directoryUsers.find(id, directory.id, directoryUser.id),
    await directoryUsers.findByMembership(id, membership.id),
    await directoryUsers.listByUserName(id, 'x'),
    await directoryUsers.listByExternalId(id, 'x'),
    await directoryUsers.update(id, directoryUser, 1),
    await directoryUsers.remove(id, directory.id, directoryUser.id),
  ],
  'directory groups and members': async ({ directoryGroups, groupMembers }) => [
    await directoryGroups.find(id, directory.id, group.id),
    await directoryGroups.findInOrganization(id, group.id),
    await directoryGroups.listByName(id, 'x'),
    await directoryGroups.update(id, group, 1),
    await directoryGroups.remove(id, directory.id, group.id),
    await groupMembers.listCandidates(id, directory.id, [directoryUser.id]),
    await groupMembers.insert(id, group.id, [
      { memberId: directoryUser.id, memberKind: 'user' },
      { memberId: group.id, memberKind: 'group' },
    ]),
    await groupMembers.list(id, group.id, PAGE),
    await groupMembers.listNamed(id, group.id, PAGE),
    await groupMembers.listWritten(id, group.id, PAGE, { user: 'u', group: 'g', mark: 'm', name: 'n' }),
    await groupMembers.listContaining(id, [directoryUser.id]),
    await groupMembers.listContaining(id, [directoryUser.id, group.id]),
    await groupMembers.listGroupsOf(id, directoryUser.id),
    await groupMembers.remove(id, group.id, [directoryUser.id]),
    await groupMembers.removeEverywhere(id, directoryUser.id),
  ],
  'connections, identities and domains': async ({ connections, identities, domains }) => [
    await connections.find(id, upstream.id),
    await connections.findById(upstream.id),
    await connections.listDue(1, 10),
    await connections.list(id),
    await connections.update(id, upstream, 1),
    await connections.remove(id, upstream.id),
    await identities.find(id, upstream.id, 'x', 'y'),
    await identities.findByMembership(id, upstream.id, membership.id),
    await identities.listByMembership(id, membership.id),
    await identities.removeByMembership(id, membership.id),
    await domains.find(id, world.domain.id),
    await domains.findVerified('x'),
    await domains.list(id),
    await domains.update(id, world.domain, 1),
    await domains.remove(id, world.domain.id),
  ],
  'long work': async ({ jobs }) => [
    await jobs.find(id, world.job.id),
    await jobs.list(id, { limit: 10 }),
    await jobs.claim(1, 2),
    await jobs.update(id, world.job, 1),
    await jobs.removeExpired(1),
  ],
  'api keys': async ({ apiKeys }) => [
    await apiKeys.insert(id, world.apiKey),
    await apiKeys.find(id, world.apiKey.id),
    await apiKeys.findByHash('x'),
    await apiKeys.list(id),
    await apiKeys.remove(id, world.apiKey.id),
    await apiKeys.removeByMembership(id, membership.id),
    await apiKeys.updateLastUsed(id, world.apiKey.id, 1),
    await apiKeys.claimWarning(id, world.apiKey.id, 30),
    await apiKeys.listExpiring({ after: 1, until: 2 }, 10),
  ],
  'test sign-ins and emergency codes': async ({ testSignIns, emergencyCodes }) => [
    await testSignIns.find(id, world.testSignIn.id),
    await testSignIns.findByTokenHash('x'),
    await testSignIns.list(id, upstream.id, 10),
    await testSignIns.claim(id, world.testSignIn.id, {
      status: 'passed',
      report: { reason: null, facts: null, decision: null },
      now: 1,
      expiresAt: 1,
    }),
    await testSignIns.removeExpired(1),
    await emergencyCodes.find(id, world.emergencyCode.id),
    await emergencyCodes.findByHash('x'),
    await emergencyCodes.list(id, 10),
    await emergencyCodes.claim(id, world.emergencyCode.id, 1),
    await emergencyCodes.update(id, world.emergencyCode, 1),
  ],
  'one-time records and sessions': async ({ pendingSignIns, consumedAssertions, sessions }) => [
    await pendingSignIns.find(id, upstream.id, 'x'),
    await pendingSignIns.consume(id, upstream.id, 'x'),
    await pendingSignIns.removeExpired(1),
    await consumedAssertions.removeExpired(1),
    await sessions.findByHash('x'),
    await sessions.listByMembership(id, membership.id),
    await sessions.listByConnection(id, upstream.id),
    await sessions.listByUpstream(id, upstream.id, { kind: 'nameId', value: 'x' }),
    await sessions.listByUpstream(id, upstream.id, { kind: 'sid', value: 'x' }),
    await sessions.list(id, PAGE),
    await sessions.find(id, world.session.id),
    await sessions.updateLastSeen(id, world.session.id, 1),
    await sessions.rotate(id, world.session.id, {
      ...{ tokenHash: 'x', previous: 'x', next: 'y', orgRole: 'owner', at: 1 },
    }),
    await sessions.confirm(id, world.session.id, 'y', 1),
    await sessions.remove(id, world.session.id),
    await sessions.removeExpired(1),
  ],
  'attempts to sign in': async ({ signInAttempts }) => [
    await signInAttempts.find(id, world.signInAttempt.id),
    await signInAttempts.list(id, {}, PAGE),
    await signInAttempts.list(id, { isFailed: true }, PAGE),
    await signInAttempts.list(id, { connectionId: upstream.id, text: 'x' }, PAGE),
    await signInAttempts.trim(id, { ok: 10, failed: 10, strangers: 0 }),
    await signInAttempts.removeExpired(1),
  ],
  'applications and their grants': async ({ applications, applicationGrants, directoryClients }) => [
    await applications.find(world.application.id),
    await applications.list(PAGE),
    await applications.update(world.application, 1),
    await applications.remove(world.application.id),
    await applicationGrants.find(id, world.applicationGrant.id),
    await applicationGrants.findById(world.applicationGrant.id),
    await applicationGrants.listBySession(id, world.applicationGrant.sessionId),
    await applicationGrants.listByMembership(id, membership.id),
    await applicationGrants.update(id, world.applicationGrant, 1),
    await applicationGrants.remove(id, world.applicationGrant.id),
    await applicationGrants.removeExpired(1),
    await directoryClients.list(id, directory.id),
    await directoryClients.findById(world.directoryClient.id),
    await directoryClients.updateLastUsed(id, world.directoryClient.id, 1),
    await directoryClients.remove(id, directory.id, world.directoryClient.id),
  ],
  'provider records and keys': async ({ providerRecords, signingKeys }) => [
    await providerRecords.replace(world.providerRecord),
    await providerRecords.find('x', 'y'),
    await providerRecords.consume('x', 'y', 1),
    await providerRecords.remove('x', 'y'),
    await providerRecords.removeExpired(1),
    await signingKeys.list(),
    await signingKeys.insert(aSigningKey()),
    await signingKeys.update(aSigningKey(), 1),
    await signingKeys.remove(aSigningKey().id),
  ],
  recorder: async ({ recorderEntries }) => [
    await recorderEntries.find(id, world.recorderEntry.id),
    await recorderEntries.list(id, {}, PAGE),
    await recorderEntries.list(id, { isFailed: true }, PAGE),
    await recorderEntries.list(id, { directoryId: directory.id, text: 'x' }, PAGE),
    await recorderEntries.trim(id, { newest: 10, failed: 10 }),
    await recorderEntries.removeExpired(1),
  ],
  ...journalCalls(world),
  'every insert': (repositories) => plantWorld(repositories, world),
};

describe('query plans', () => {
  test.each(Object.keys(CALLS))('%s never reads a whole table', async (name) => {
    const statements = await statementsOf(async (repositories) => CALLS[name]?.(repositories));
    expect(statements.length).toBeGreaterThan(3);
    for (const statement of statements)
      expect({ statement, slow: slowSteps(statement) }).toEqual({ statement, slow: [] });
  });

  test('where a role is used: members, grants and invitations by index; only the few rules are read through', async () => {
    const [statement = ''] = await statementsOf(({ orgRoles }) =>
      orgRoles.listUses('viewer', { now: 1, limit: 1 }),
    );
    const slow = slowSteps(statement).map((step) => step.split(' ')[1]);
    expect(slow).toEqual(['shareable_links', 'group_mappings', 'mapping_tests', 'organizations', 'api_keys']);
    expect(stepsOf(statement).filter((step) => step.includes('_by_custom_role'))).toHaveLength(3);
  });

  test.each(memberPlans(world))('members by %j, in a large team: %j', async (filter, isLarge, step) => {
    const ask = (all: Repositories) => all.memberships.list(id, filter, { limit: 10 });
    const steps = stepsOf((await statementsOf(ask, isLarge ? {} : undefined)).at(-1) ?? '');
    expect(steps[0]).toContain(step);
    expect(steps.filter((one) => one.includes('TEMP B-TREE'))).toEqual([]);
  });

  test('the start of an address is a look-up in the index of addresses', async () => {
    const work = peopleCalls(world)['the start of an address'] ?? (() => Promise.reject(new Error('none')));
    const [statement = ''] = await statementsOf(work);
    expect(stepsOf(statement)[0]).toContain('_by_email (organization_id=? AND email_key>? AND email_key<?)');
  });

  test('the gate fails on a statement without an index', () => {
    expect(slowSteps('SELECT * FROM users WHERE name = ?')).toEqual(['SCAN users']);
  });

  test.each(Object.entries(CALLS))(
    '%s: nobody is found by reading all of an organization',
    async (_name, calls) => {
      const statements = (await statementsOf(calls)).filter((text) => !ASKS_FOR_ALL.test(text));
      const wide = statements.map((text) => [text, wideSteps(text)] as const);
      expect(wide.filter(([, steps]) => steps.length > 0)).toEqual([]);
    },
  );

  test('that gate fails where no index holds what is asked for', () => {
    expect(wideSteps('SELECT * FROM grants WHERE organization_id = ? AND rank = ?')).toHaveLength(1);
    expect(wideSteps('SELECT * FROM grants WHERE organization_id = ? AND membership_id = ?')).toEqual([]);
  });

  test('the planner is told about every index there is', () => {
    const told = connection
      .prepare<[], { tbl: string; idx: string }>('SELECT tbl, idx FROM sqlite_stat1')
      .all();
    const indexes = connection.prepare<[], { tbl: string; idx: string }>(INDEXES).all();
    const names = (rows: readonly { tbl: string; idx: string }[]) =>
      rows.map(({ tbl, idx }) => `${tbl}.${idx}`).sort();
    expect(indexes.length).toBeGreaterThan(50);
    expect(names(told)).toEqual(names(indexes));
  });
});

const by = (
  field: 'userName' | 'externalId' | 'email' | 'displayName' | 'group' | 'id' | 'uniqueValue',
  value = 'x',
): UserQuery => ({ kind: 'equals', field, value });
const from = (field: 'userName' | 'externalId' | 'displayName' | 'email'): UserQuery => ({
  kind: 'startsWith',
  field,
  value: 'x',
});

const USER_QUERIES: readonly { query: UserQuery; index: string }[] = [
  { query: by('id'), index: 'sqlite_autoindex_directory_users_1' },
  { query: by('userName'), index: 'directory_users_by_user_name' },
  { query: from('userName'), index: 'directory_users_by_user_name' },
  { query: by('externalId'), index: 'directory_users_by_external_id' },
  { query: by('displayName'), index: 'directory_users_by_display_name' },
  { query: from('externalId'), index: 'directory_users_by_external_id' },
  { query: from('displayName'), index: 'directory_users_by_display_name' },
  { query: by('email'), index: 'directory_user_emails USING PRIMARY KEY' },
  { query: from('email'), index: 'directory_user_emails USING PRIMARY KEY' },
  { query: by('group'), index: 'PRIMARY KEY' },
  { query: by('uniqueValue'), index: 'directory_user_unique_values USING PRIMARY KEY' },
  {
    query: { kind: 'and', operands: [by('userName'), { kind: 'not', operand: by('email') }] },
    index: 'directory_users_by_user_name',
  },
  {
    query: { kind: 'or', operands: [by('userName', 'x'), by('userName', 'y')] },
    index: 'directory_users_by_user_name',
  },
  // Each operand by its own index, then the rows by their ids: nobody walks the directory.
  ...['userName', 'externalId', 'email', 'displayName'].map((first) => ({
    query: { kind: 'or' as const, operands: [by(first as 'email'), by('userName', 'y'), from('email')] },
    index: 'directory_users_1 (organization_id=? AND directory_id=? AND id=?)',
  })),
  {
    query: {
      kind: 'or',
      operands: [by('id'), { kind: 'and', operands: [by('email'), { kind: 'not', operand: by('group') }] }],
    },
    index: 'directory_user_emails USING PRIMARY KEY',
  },
  {
    query: { kind: 'and', operands: [by('displayName'), by('group')] },
    index: 'directory_users_by_display_name',
  },
];

const GROUP_QUERIES: readonly { query: GroupQuery; index: string }[] = [
  { query: { kind: 'equals', field: 'displayName', value: 'x' }, index: 'directory_groups_by_display_name' },
  { query: { kind: 'equals', field: 'externalId', value: 'x' }, index: 'directory_groups_by_external_id' },
  {
    query: { kind: 'startsWith', field: 'displayName', value: 'x' },
    index: 'directory_groups_by_display_name',
  },
  { query: { kind: 'equals', field: 'member', value: 'x' }, index: 'group_members_by_member' },
];

describe('directory queries', () => {
  const planOf = (statement: string) => stepsOf(statement).join('; ');

  test.each(USER_QUERIES)('users by $query go through $index', async ({ query, index }) => {
    const [rows = ''] = await statementsOf(({ directoryUsers }) =>
      directoryUsers.query(id, directory.id, query, PAGE),
    );
    expect(slowSteps(rows)).toEqual([]);
    expect(planOf(rows)).toContain(index);
  });

  test.each(GROUP_QUERIES)('groups by $query go through $index', async ({ query, index }) => {
    const [rows = ''] = await statementsOf(({ directoryGroups }) =>
      directoryGroups.query(id, directory.id, query, PAGE),
    );
    expect(slowSteps(rows)).toEqual([]);
    expect(planOf(rows)).toContain(index);
  });

  const long = { total: 100_000, moves: 0 };
  const at = (offset: number) => ({ offset, limit: 100 });

  test.each([0, 40_000, 99_900])(
    'L7: a page of the whole list at %i is read from its nearest end',
    async (offset) => {
      const [, rows = ''] = await statementsOf(
        ({ directoryUsers }) => directoryUsers.query(id, directory.id, { kind: 'all' }, at(offset)),
        long,
      );
      expect(planOf(rows)).toBe(
        'SEARCH directory_users USING INDEX sqlite_autoindex_directory_users_1 (organization_id=? AND directory_id=?' +
          (offset < 50_000 ? ' AND id>?)' : ')'),
      );
      expect(rows).toContain(offset < 50_000 ? 'ORDER BY id LIMIT' : 'ORDER BY id DESC LIMIT');
    },
  );

  test.each([
    ...(['userName', 'displayName', 'externalId', 'updatedAt'] as const).flatMap((order) => [
      [order, 'ascending'] as const,
      [order, 'descending'] as const,
    ]),
  ])('L57: users by %s, %s, come in the order of an index', async (by, direction) => {
    for (const after of [undefined, { key: 'x', id: 'y' }, { key: null, id: 'y' }]) {
      const page = { ...at(0), order: { by, direction }, after };
      const texts = await statementsOf(
        ({ directoryUsers }) => directoryUsers.query(id, directory.id, { kind: 'all' }, page),
        long,
      );
      for (const text of texts)
        expect([slowSteps(text), planOf(text)]).toEqual([
          [],
          expect.not.stringContaining('TEMP B-TREE FOR ORDER BY'),
        ]);
    }
  });

  test('a value is never part of the statement', async () => {
    const poison = `x' OR 1=1 --`;
    const statements = await statementsOf(({ directoryUsers }) =>
      directoryUsers.query(id, directory.id, by('userName', poison), PAGE),
    );
    expect(statements.join()).not.toContain(poison);
  });
});
