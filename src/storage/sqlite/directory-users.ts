/** Directory users in SQLite, with their e-mail addresses in a child table for look-ups. */
import type { UserField, UserOrder, UserQuery } from '../../core/directory/directory-query.ts';
import type { DirectoryUser, ShownUser } from '../../core/entities/directory.ts';
import type { DirectoryUserRepository } from '../../core/ports/directories.ts';
import type { OrderedPage, QueryPage } from '../../core/ports/paging.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import { type Listable, queryPage, scanPage, tuplesOf, wholeRows } from './directory-pages.ts';
import type { DirectoryScope } from './directory-query.ts';
import { leaveGroups, renameMember } from './member-rows.ts';
import type { PageAnchors } from './page-anchors.ts';
import {
  type Columns,
  changedColumns,
  flag,
  insertRow,
  integer,
  json,
  ownedBy,
  text,
  textOrNull,
  toFlag,
  toJson,
  typed,
  updateRow,
  word,
} from './rows.ts';
import type { Row, Sql, Tuple } from './sql.ts';

const FIND = 'SELECT * FROM directory_users WHERE organization_id = ? AND directory_id = ? AND id = ?';
const INDEXED_OF = `
  SELECT membership_id, user_name_key, external_id, display_name_key, email_keys FROM directory_users
  WHERE organization_id = ? AND directory_id = ? AND id = ?`;
const FIND_BY_MEMBERSHIP = `
  SELECT * FROM directory_users WHERE organization_id = ? AND membership_id = ? ORDER BY id LIMIT 1`;
/** Of the same user, without what it is made of: every sign-in asks for this. */
const HOLD = `
  SELECT is_active, (
    SELECT status FROM directories WHERE organization_id = pushed.organization_id AND id = pushed.directory_id
  ) AS directory_status
  FROM directory_users AS pushed WHERE organization_id = ? AND membership_id = ? ORDER BY id LIMIT 1`;
const IN_ACTIVE_DIRECTORY = `
  directory_id IN (SELECT id FROM directories WHERE organization_id = ? AND status = 'active')`;
const LIST_BY_USER_NAME = `
  SELECT * FROM directory_users
  WHERE organization_id = ? AND user_name_key = ? AND ${IN_ACTIVE_DIRECTORY} ORDER BY id`;
const LIST_BY_EXTERNAL_ID = `
  SELECT * FROM directory_users
  WHERE organization_id = ? AND external_id = ? AND ${IN_ACTIVE_DIRECTORY} ORDER BY id`;
const REMOVE = 'DELETE FROM directory_users WHERE organization_id = ? AND directory_id = ? AND id = ?';
const FORGET_EMAILS = `
  DELETE FROM directory_user_emails
  WHERE organization_id = ? AND directory_id = ? AND user_id = ? AND value_key IN (SELECT value FROM json_each(?))`;
const ADD_EMAIL = `
  INSERT INTO directory_user_emails (organization_id, directory_id, user_id, value_key) VALUES (?, ?, ?, ?)
  ON CONFLICT DO NOTHING`;

/** Most people are called by an address of theirs: that one is found by the name, and has no row besides. */
const BY_EMAIL = [
  {
    ids: 'SELECT user_id FROM directory_user_emails WHERE organization_id = ? AND directory_id = ?',
    column: 'value_key',
  },
  {
    ids: `SELECT id FROM directory_users WHERE organization_id = ? AND directory_id = ?
      AND EXISTS (SELECT 1 FROM json_each(email_keys) WHERE value = user_name_key)`,
    column: 'user_name_key',
  },
];

const LISTABLE: Listable<UserField, UserOrder> = {
  table: 'directory_users',
  countColumn: 'user_count',
  movesColumn: 'user_moves',
  orders: {
    userName: { column: 'user_name_key', nullable: false, ties: [] },
    displayName: { column: 'display_name_key', nullable: true, ties: ['id'] },
    externalId: { column: 'external_id', nullable: true, ties: ['id'] },
    updatedAt: { column: 'updated_at', nullable: false, ties: ['id'] },
  },
  places: {
    id: { kind: 'column', column: 'id', nullable: false },
    userName: { kind: 'column', column: 'user_name_key', nullable: false },
    externalId: { kind: 'column', column: 'external_id', nullable: true },
    displayName: { kind: 'column', column: 'display_name_key', nullable: true },
    email: { kind: 'child', selects: BY_EMAIL, scope: 'directory' },
    uniqueValue: {
      kind: 'child',
      selects: [
        {
          ids: 'SELECT user_id FROM directory_user_unique_values WHERE organization_id = ? AND directory_id = ?',
          column: 'value_key',
        },
      ],
      scope: 'directory',
    },
    group: {
      kind: 'child',
      selects: [{ ids: 'SELECT member_id FROM group_members WHERE organization_id = ?', column: 'group_id' }],
      scope: 'organization',
    },
  },
};

const columnsOf = (user: DirectoryUser): Columns => ({
  membership_id: user.membershipId,
  user_id: user.userId,
  shadow: user.shadow === null ? null : toJson(user.shadow),
  is_active: toFlag(user.isActive),
  user_name: user.userName,
  user_name_key: user.userNameKey,
  external_id: user.externalId,
  display_name_key: user.displayNameKey,
  email_keys: toJson(user.emailKeys),
  attributes: user.attributesText ?? toJson(user.attributes),
  created_at: user.createdAt,
  updated_at: user.updatedAt,
});

function fromRow(row: Row): DirectoryUser {
  const attributesText = text(row, 'attributes');
  const user: DirectoryUser = {
    id: word(row, 'id'),
    version: integer(row, 'version'),
    organizationId: word(row, 'organization_id'),
    directoryId: word(row, 'directory_id'),
    membershipId: word(row, 'membership_id'),
    userId: word(row, 'user_id'),
    shadow: row.shadow === null ? null : json(row, 'shadow'),
    isActive: flag(row, 'is_active'),
    userName: text(row, 'user_name'),
    userNameKey: text(row, 'user_name_key'),
    externalId: textOrNull(row, 'external_id'),
    displayNameKey: textOrNull(row, 'display_name_key'),
    emailKeys: json(row, 'email_keys'),
    attributes: json(row, 'attributes'),
    createdAt: integer(row, 'created_at'),
    updatedAt: integer(row, 'updated_at'),
  };
  // Not enumerable: whoever copies the user with other attributes has another text.
  Object.defineProperty(user, 'attributesText', { value: attributesText });
  return user;
}

const SHOWN_COLUMNS = ['id', 'version', 'is_active', 'created_at', 'updated_at', 'attributes'] as const;
const SHOWN = tuplesOf(SHOWN_COLUMNS);

const shownFrom = (tuple: Tuple): ShownUser => {
  const [id, version, isActive, createdAt, updatedAt, attributesText] = typed<ShownTuple>(tuple);
  return { id, version, isActive: isActive === 1, createdAt, updatedAt, attributesText };
};

type ShownTuple = readonly [ShownUser['id'], number, number, number, number, string, number];

/** Nobody else has that value: one row is the list, and whether a group holds it costs less here than to ask. */
const byUnique = (column: string): string => `
  SELECT ${SHOWN_COLUMNS.join(', ')}, EXISTS (
    SELECT 1 FROM group_members
    WHERE organization_id = directory_users.organization_id AND member_id = directory_users.id
  ) FROM directory_users WHERE organization_id = ? AND directory_id = ? AND ${column} = ?`;

const BY_UNIQUE: Partial<Record<UserField, string>> = {
  id: byUnique('id'),
  userName: byUnique('user_name_key'),
};

/** The page of a list of one at most; undefined when the question is another one. */
function shownByUnique(
  sql: Sql,
  { organizationId, directoryId }: DirectoryScope,
  { query, page }: { readonly query: UserQuery; readonly page: OrderedPage<UserOrder> },
): QueryPage<ShownUser> | undefined {
  if (query.kind !== 'equals' || page.after !== undefined) return undefined;
  const statement = BY_UNIQUE[query.field];
  if (statement === undefined) return undefined;
  const [found] = sql.tuples(statement, [organizationId, directoryId, query.value]);
  if (found === undefined) return { rows: [], total: 0 };
  return { rows: page.offset === 0 && page.limit > 0 ? [onlyShownFrom(found)] : [], total: 1 };
}

function onlyShownFrom(tuple: Tuple): ShownUser {
  const [id, version, isActive, createdAt, updatedAt, attributesText, isInGroups] = typed<ShownTuple>(tuple);
  const isInNoGroup = isInGroups === 0;
  return { id, version, isActive: isActive === 1, createdAt, updatedAt, attributesText, isInNoGroup };
}

/** Directory users over one connection; the promises are those of the port. `anchors`: hints for deep pages. */
export function directoryUserRepository(sql: Sql, anchors?: PageAnchors): DirectoryUserRepository {
  const source = { sql, anchors };
  const one = (row: Row | undefined) => row && fromRow(row);
  return {
    insert: async (organizationId, user) => insertUser(sql, organizationId, user),
    find: async (organizationId, directoryId, id) => one(sql.get(FIND, organizationId, directoryId, id)),
    findByMembership: async (organizationId, membershipId) =>
      one(sql.get(FIND_BY_MEMBERSHIP, organizationId, membershipId)),
    findHold: async (organizationId, membershipId) => {
      const row = sql.get(HOLD, organizationId, membershipId);
      return row?.directory_status === 'active' ? { isActive: flag(row, 'is_active') } : undefined;
    },
    listByUserName: async (organizationId, userNameKey) =>
      sql.all(LIST_BY_USER_NAME, organizationId, userNameKey, organizationId).map(fromRow),
    listByExternalId: async (organizationId, externalId) =>
      sql.all(LIST_BY_EXTERNAL_ID, organizationId, externalId, organizationId).map(fromRow),
    query: async (organizationId, directoryId, query, page) => {
      const scope = { organizationId, directoryId };
      const found = queryPage(source, LISTABLE, { scope, query, page, shape: wholeRows });
      return { rows: found.rows.map(fromRow), total: found.total };
    },
    queryShown: async (organizationId, directoryId, query, page) => {
      const scope = { organizationId, directoryId };
      const only = shownByUnique(sql, scope, { query, page });
      if (only !== undefined) return only;
      const found = queryPage(source, LISTABLE, { scope, query, page, shape: SHOWN });
      return { rows: found.rows.map(shownFrom), total: found.total };
    },
    scan: async (organizationId, directoryId, query, page) =>
      scanPage(sql, LISTABLE, { scope: { organizationId, directoryId }, query, page }).map(fromRow),
    update: async (organizationId, next, expected) => updateUser(sql, organizationId, { next, expected }),
    remove: async (organizationId, directoryId, id) => {
      const removed = sql.run(REMOVE, organizationId, directoryId, id) > 0;
      if (removed) leaveGroups(sql, organizationId, id);
      return removed;
    },
  };
}

const keyOf = (organizationId: OrganizationId, user: DirectoryUser): Columns => ({
  organization_id: ownedBy(organizationId, user),
  directory_id: user.directoryId,
  id: user.id,
});

function addEmails(sql: Sql, organizationId: OrganizationId, user: DirectoryUser): void {
  for (const key of user.emailKeys)
    if (key !== user.userNameKey) sql.run(ADD_EMAIL, organizationId, user.directoryId, user.id, key);
}

function insertUser(sql: Sql, organizationId: OrganizationId, user: DirectoryUser): void {
  insertRow(sql, 'directory_users', {
    ...keyOf(organizationId, user),
    version: user.version,
    ...columnsOf(user),
  });
  addEmails(sql, organizationId, user);
}

/** As a group shows a member. */
const shownName = ({ attributes: { displayName }, userName }: DirectoryUser): string =>
  typeof displayName === 'string' ? displayName : userName;

function updateUser(
  sql: Sql,
  organizationId: OrganizationId,
  change: { readonly next: DirectoryUser; readonly expected: DirectoryUser | number },
): void {
  const { next, expected } = change;
  const found = typeof expected === 'number' ? undefined : expected;
  const columns = columnsOf(next);
  const key = keyOf(organizationId, next);
  const before = found ? columnsOf(found) : sql.get(INDEXED_OF, organizationId, next.directoryId, next.id);
  updateRow(sql, 'directory_users', {
    key,
    columns: changedColumns(columns, before),
    version: typeof expected === 'number' ? expected : expected.version,
  });
  const name = shownName(next);
  if (found === undefined || shownName(found) !== name)
    renameMember(sql, organizationId, { id: next.id, name });
  if (before === undefined) return;
  if (before.email_keys === columns.email_keys && before.user_name_key === columns.user_name_key) return;
  sql.run(FORGET_EMAILS, organizationId, next.directoryId, next.id, text(before, 'email_keys'));
  addEmails(sql, organizationId, next);
}
