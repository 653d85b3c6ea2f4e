/** Memberships in SQLite. */
import type { Membership } from '../../core/entities/people.ts';
import type { PageRequest } from '../../core/ports/paging.ts';
import type { EmailPlace, MemberFilter, MembershipRepository } from '../../core/ports/people.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import { foldText } from '../../kernel/text.ts';
import {
  beyond,
  type Columns,
  changedColumns,
  flag,
  insertRow,
  integer,
  integerOrNull,
  ownedBy,
  text,
  textOrNull,
  updateRow,
  word,
} from './rows.ts';
import type { Row, Sql, Value } from './sql.ts';

const FIND = 'SELECT * FROM memberships WHERE organization_id = ? AND id = ?';
const INDEXED_OF = `
  SELECT user_id, email_key, status, org_role, source FROM memberships WHERE organization_id = ? AND id = ?`;
const FIND_BY_USER = 'SELECT * FROM memberships WHERE organization_id = ? AND user_id = ?';
const LIST_BY_EMAIL = 'SELECT * FROM memberships WHERE organization_id = ? AND email_key = ? ORDER BY id';
const LIST_BY_USER = 'SELECT * FROM memberships WHERE user_id = ? ORDER BY id';
const REMOVE = 'DELETE FROM memberships WHERE organization_id = ? AND id = ?';
const FIND_NTH =
  'SELECT id FROM memberships WHERE organization_id = ? AND id > ? ORDER BY id LIMIT 1 OFFSET ?';
const ACTIVE = `
  UPDATE memberships SET last_active_at = ?
  WHERE organization_id = ? AND id = ? AND status = 'active' AND coalesce(last_active_at, 0) <= ?`;
const HOLDS_WAYS_IN = `
  SELECT EXISTS (SELECT 1 FROM sessions WHERE organization_id = ? AND membership_id = ?)
    OR EXISTS (SELECT 1 FROM application_grants WHERE organization_id = ? AND membership_id = ?)
    OR EXISTS (
      SELECT 1 FROM api_keys WHERE organization_id = ? AND membership_id IS NOT NULL AND membership_id = ?)
    OR EXISTS (
      SELECT 1 FROM shareable_links
      WHERE organization_id = ? AND revoked_at IS NULL AND created_by ->> 'membershipId' = ?)
    OR EXISTS (SELECT 1 FROM one_time_records WHERE user_id = ?) AS holds`;
const HOLDS = "(instr(name_key, ?) > 0 OR instr(coalesce(email_key, ''), ?) > 0)";
const STARTS_NOT = "NOT (coalesce(email_key, '') >= ? AND coalesce(email_key, '') < CAST(? AS TEXT))";
const LARGE_TEAM = `
  SELECT 1 FROM team_members WHERE organization_id = ? AND team_id = ? LIMIT 1 OFFSET 500`;
/** The members of a small team are gathered first; of a large one, each person found is asked whether they are in it. */
const IN_TEAM = {
  small: 'id IN (SELECT membership_id FROM team_members WHERE organization_id = ? AND team_id = ?)',
  large: `EXISTS (
    SELECT 1 FROM team_members
    WHERE organization_id = ? AND team_id = ? AND membership_id = memberships.id)`,
} as const;
/** CROSS: from the team, in the order of its members, to the people. */
const OF_TEAM = `team_members CROSS JOIN memberships
  ON memberships.organization_id = team_members.organization_id AND id = membership_id`;

const CONNECTED = {
  identity: `EXISTS (
    SELECT 1 FROM identities JOIN connections
      ON connections.organization_id = identities.organization_id AND connections.id = identities.connection_id
    WHERE identities.organization_id = ? AND identities.membership_id = memberships.id
      AND connections.status = 'active')`,
  directory: `EXISTS (
    SELECT 1 FROM directory_users JOIN directories
      ON directories.organization_id = directory_users.organization_id AND directories.id = directory_users.directory_id
    WHERE directory_users.organization_id = ? AND directory_users.membership_id = memberships.id
      AND directory_users.is_active = 1 AND directories.status = 'active')`,
} as const;

const columnsOf = (membership: Membership): Columns => ({
  user_id: membership.userId,
  email: membership.email,
  email_key: membership.emailKey,
  name: membership.name,
  name_key: foldText(membership.name),
  avatar_url: membership.avatarUrl,
  status: membership.status,
  source: membership.source,
  org_role: membership.orgRole,
  department: membership.department,
  last_active_at: membership.lastActiveAt,
  last_signed_in_at: membership.lastSignedInAt,
  created_at: membership.createdAt,
  updated_at: membership.updatedAt,
});

const fromRow = (row: Row): Membership => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  organizationId: word(row, 'organization_id'),
  userId: word(row, 'user_id'),
  email: textOrNull(row, 'email'),
  emailKey: textOrNull(row, 'email_key'),
  name: text(row, 'name'),
  avatarUrl: textOrNull(row, 'avatar_url'),
  status: word(row, 'status'),
  source: word(row, 'source'),
  orgRole: word(row, 'org_role'),
  department: textOrNull(row, 'department'),
  lastActiveAt: integerOrNull(row, 'last_active_at'),
  lastSignedInAt: integerOrNull(row, 'last_signed_in_at'),
  createdAt: integer(row, 'created_at'),
  updatedAt: integer(row, 'updated_at'),
});

/** Memberships over one connection; the promises are those of the port. */
export function membershipRepository(sql: Sql): MembershipRepository {
  const one = (row: Row | undefined) => row && fromRow(row);
  return {
    insert: async (organizationId, membership) =>
      insertRow(sql, 'memberships', {
        organization_id: ownedBy(organizationId, membership),
        id: membership.id,
        version: membership.version,
        ...columnsOf(membership),
      }),
    find: async (organizationId, id) => one(sql.get(FIND, organizationId, id)),
    findByUser: async (organizationId, userId) => one(sql.get(FIND_BY_USER, organizationId, userId)),
    listByEmail: async (organizationId, emailKey) =>
      sql.all(LIST_BY_EMAIL, organizationId, emailKey).map(fromRow),
    list: async (organizationId, filter, page) => listMembers(sql, organizationId, { filter, page }),
    listByEmailStart: async (organizationId, filter, page) =>
      listByEmailStart(sql, organizationId, { filter, page }),
    findNth: async (organizationId, after, count) => {
      const row = sql.get(FIND_NTH, organizationId, after ?? '', count - 1);
      return row && word(row, 'id');
    },
    update: async (organizationId, next, expected) => {
      const isFound = typeof expected !== 'number';
      const before = isFound ? columnsOf(expected) : sql.get(INDEXED_OF, organizationId, next.id);
      updateRow(sql, 'memberships', {
        key: { organization_id: ownedBy(organizationId, next), id: next.id },
        columns: changedColumns(columnsOf(next), before),
        version: isFound ? expected.version : expected,
      });
    },
    updateLastActive: async (organizationId, id, { at, ifUpTo }) => {
      sql.run(ACTIVE, at, organizationId, id, ifUpTo);
    },
    holdsWaysIn: async (organizationId, { id, userId }) => {
      const own = [organizationId, id] as const;
      const row = sql.get(HOLDS_WAYS_IN, ...own, ...own, ...own, ...own, userId);
      return row === undefined || flag(row, 'holds');
    },
    remove: async (organizationId, id) => sql.run(REMOVE, organizationId, id) > 0,
    listByUser: async (userId) => sql.all(LIST_BY_USER, userId).map(fromRow),
  };
}

/** What a filter asks for besides what most people are, in the words of the indexes of those. */
function fewIn({ role, status, source }: MemberFilter): readonly string[] {
  const texts: string[] = [];
  if (role !== undefined && role !== 'member') texts.push("org_role <> 'member'");
  if (status !== undefined && status !== 'active') texts.push("status <> 'active'");
  if (source !== undefined && source !== 'directory') texts.push("source <> 'directory'");
  return texts;
}

interface Conditions {
  readonly texts: readonly string[];
  readonly values: readonly Value[];
}

/** What a filter says besides its text and its team. */
function conditionsOf(organizationId: OrganizationId, filter: MemberFilter): Conditions {
  const texts = ['memberships.organization_id = ?', ...fewIn(filter)];
  const values: Value[] = [organizationId];
  const add = (condition: string, ...added: readonly Value[]) => {
    texts.push(condition);
    values.push(...added);
  };
  if (filter.role !== undefined) add('org_role = ?', filter.role);
  if (filter.status !== undefined) add('status = ?', filter.status);
  if (filter.source !== undefined) add('source = ?', filter.source);
  if (filter.connected !== undefined) {
    const { isConnected, by } = filter.connected;
    add(isConnected ? CONNECTED[by] : `NOT ${CONNECTED[by]}`, organizationId);
  }
  return { texts, values };
}

const NO_CONDITION: Conditions = { texts: [], values: [] };

const both = (one: Conditions, other: Conditions): Conditions => ({
  texts: [...one.texts, ...other.texts],
  values: [...one.values, ...other.values],
});

function inTeam(sql: Sql, organizationId: OrganizationId, { teamId }: MemberFilter): Conditions {
  if (teamId === undefined) return NO_CONDITION;
  const isLarge = sql.get(LARGE_TEAM, organizationId, teamId) !== undefined;
  return { texts: [isLarge ? IN_TEAM.large : IN_TEAM.small], values: [organizationId, teamId] };
}

/** Where the walk of a list begins and in whose order it goes: the people, or the team, when nothing else makes them few. */
function walkOf(
  sql: Sql,
  organizationId: OrganizationId,
  filter: MemberFilter,
): Conditions & { readonly from: string; readonly id: string } {
  if (filter.teamId === undefined || fewIn(filter).length > 0)
    return { from: 'memberships', id: 'id', ...inTeam(sql, organizationId, filter) };
  const texts = ['team_members.organization_id = ?', 'team_id = ?'];
  return { from: OF_TEAM, id: 'membership_id', texts, values: [organizationId, filter.teamId] };
}

const upTo = ({ upTo: last }: MemberFilter, id: string): Conditions =>
  last === undefined ? NO_CONDITION : { texts: [`${id} <= ?`], values: [last] };

const holding = ({ text: held, isElsewhere }: MemberFilter): Conditions => {
  if (held === undefined) return NO_CONDITION;
  const holds = { texts: [HOLDS], values: [held, held] };
  return isElsewhere === true ? both({ texts: [STARTS_NOT], values: [held, beyond(held)] }, holds) : holds;
};

function listMembers(
  sql: Sql,
  organizationId: OrganizationId,
  { filter, page }: { readonly filter: MemberFilter; readonly page: PageRequest },
): readonly Membership[] {
  const walk = walkOf(sql, organizationId, filter);
  const range = both({ texts: [`${walk.id} > ?`], values: [page.after ?? ''] }, upTo(filter, walk.id));
  const { texts, values } = [conditionsOf(organizationId, filter), range, holding(filter)].reduce(both, walk);
  const where = texts.join(' AND ');
  return sql
    .compose(`SELECT memberships.* FROM ${walk.from} WHERE ${where} ORDER BY ${walk.id} LIMIT ?`, [
      ...values,
      page.limit,
    ])
    .map(fromRow);
}

/** Walks the index of addresses from where the page begins: nobody before it, nobody behind it is looked at. */
function listByEmailStart(
  sql: Sql,
  organizationId: OrganizationId,
  ask: {
    readonly filter: MemberFilter & { readonly text: string };
    readonly page: { readonly after?: EmailPlace | undefined; readonly limit: number };
  },
): readonly Membership[] {
  const { filter, page } = ask;
  const conditions = conditionsOf(organizationId, filter);
  const { texts, values } = [inTeam(sql, organizationId, filter), upTo(filter, 'id')].reduce(
    both,
    conditions,
  );
  const start = { emailKey: filter.text, id: '' };
  const after = page.after === undefined || page.after.emailKey < filter.text ? start : page.after;
  const where = [...texts, 'email_key >= ?', 'email_key < CAST(? AS TEXT)', '(email_key > ? OR id > ?)'].join(
    ' AND ',
  );
  const range = [after.emailKey, beyond(filter.text), after.emailKey, after.id];
  return sql
    .compose(`SELECT * FROM memberships WHERE ${where} ORDER BY email_key, id LIMIT ?`, [
      ...[...values, ...range],
      page.limit,
    ])
    .map(fromRow);
}
