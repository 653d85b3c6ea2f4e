/** Group members in SQLite: one row for each, so that one change costs the same in a group of any size. */
import type {
  Containment,
  GroupMemberRepository,
  MemberRef,
  NamedMember,
} from '../../core/ports/directories.ts';
import type { DirectoryGroupId, OrganizationId } from '../../kernel/ids.ts';
import { groupFromRow } from './directory-groups.ts';
import { flag, text, toJson, typed, word } from './rows.ts';
import type { Row, Sql, Tuple } from './sql.ts';

/** The directory of a group; members belong to the same one. */
const OWN_DIRECTORY = 'SELECT directory_id FROM directory_groups WHERE organization_id = ? AND id = ?';
/** What a user or a group is called where it is a member; read once for each of the ids. */
const nameOf = (name: string, table: string): string => `
  SELECT ${name} FROM ${table}
  WHERE organization_id = ? AND directory_id = (${OWN_DIRECTORY}) AND id = json_each.value`;
const add = (kind: 'user' | 'group', name: string): string => `
  INSERT INTO group_members (organization_id, group_id, member_id, member_kind, member_name)
  SELECT ?, ?, json_each.value, '${kind}', (${name}) FROM json_each(?) WHERE true
  ON CONFLICT DO NOTHING RETURNING member_id, member_kind`;
const ADD = {
  user: add(
    'user',
    nameOf("coalesce(json_extract(attributes, '$.displayName'), user_name)", 'directory_users'),
  ),
  group: add('group', nameOf('display_name', 'directory_groups')),
};
const isOne = (table: string): string =>
  `EXISTS (SELECT 1 FROM ${table} WHERE organization_id = ? AND directory_id = ? AND id = json_each.value)`;
const CANDIDATES = `
  SELECT value AS member_id,
    iif(${isOne('directory_users')}, 'user', iif(${isOne('directory_groups')}, 'group', NULL)) AS member_kind
  FROM json_each(?)`;
const REMOVE = `
  DELETE FROM group_members
  WHERE organization_id = ? AND group_id = ? AND member_id IN (SELECT value FROM json_each(?))
  RETURNING member_id, member_kind`;
const LIST = `
  SELECT member_id, member_kind FROM group_members
  WHERE organization_id = ? AND group_id = ? AND member_id > ? ORDER BY member_id LIMIT ?`;
/** One text a row, kind and name behind the id: making texts of what is read costs more than reading it. */
const LIST_NAMED = `
  SELECT member_id || iif(member_kind = 'group', ' g', ' u') || coalesce('=' || member_name, '')
  FROM group_members WHERE organization_id = ? AND group_id = ? AND member_id > ? ORDER BY member_id LIMIT ?`;
/** Written where the rows are read: a row would become three texts, of which one is made again. Most members are users. */
const LIST_WRITTEN = `
  SELECT count(*), max(member_id), group_concat(
    iif(member_kind = 'group', replace(?, ?, member_id),
        ? || coalesce(member_id || ?, '') || coalesce(member_id || ?, ''))
      || iif(member_name IS NULL, '', coalesce(? || json_quote(member_name), '')) || '}'
  ) FROM (
    SELECT member_id, member_kind, member_name FROM group_members
    WHERE organization_id = ? AND group_id = ? AND member_id > ? ORDER BY member_id LIMIT ?
  )`;
const CONTAINING = 'SELECT member_id, group_id FROM group_members WHERE organization_id = ? AND member_id';
const LIST_CONTAINING_ONE = `${CONTAINING} = ? ORDER BY group_id`;
const LIST_CONTAINING = `${CONTAINING} IN (SELECT value FROM json_each(?)) ORDER BY member_id, group_id`;
const CONTAINER = `
  SELECT display_name, EXISTS (
    SELECT 1 FROM group_members
    WHERE organization_id = directory_groups.organization_id AND member_id = directory_groups.id
  ) AS is_contained
  FROM directory_groups WHERE organization_id = ? AND id = ?`;
const LIST_GROUPS_OF = `
  SELECT directory_groups.* FROM directory_groups WHERE organization_id = ? AND id IN (
    SELECT group_id FROM group_members WHERE organization_id = ? AND member_id = ?
  ) ORDER BY id`;
const REMOVE_EVERYWHERE =
  'DELETE FROM group_members WHERE organization_id = ? AND member_id = ? RETURNING group_id';

const fromRow = (row: Row): MemberRef => ({
  memberId: word(row, 'member_id'),
  memberKind: word(row, 'member_kind'),
});

/** What `LIST_NAMED` wrote in one: an id holds no blank. */
function namedFromTuple(tuple: Tuple): NamedMember {
  const [whole] = typed<[string]>(tuple);
  const blank = whole.indexOf(' ');
  return {
    memberId: word({ memberId: whole.slice(0, blank) }, 'memberId'),
    memberKind: whole.charAt(blank + 1) === 'g' ? 'group' : 'user',
    name: whole.length > blank + 2 ? whole.slice(blank + 3) : null,
  };
}

/** Group members over one connection; the promises are those of the port. */
export function groupMemberRepository(sql: Sql): GroupMemberRepository {
  return {
    listCandidates: async (organizationId, directoryId, ids) => {
      const place = [organizationId, directoryId, organizationId, directoryId] as const;
      const rows = sql.all(CANDIDATES, ...place, toJson(ids));
      return rows.filter((row) => row.member_kind !== null).map(fromRow);
    },
    insert: async (organizationId, groupId, members) => {
      const place = [organizationId, groupId, organizationId, organizationId, groupId] as const;
      return (['user', 'group'] as const).flatMap((kind) => {
        const ids = members.flatMap(({ memberId, memberKind }) => (memberKind === kind ? [memberId] : []));
        return ids.length === 0 ? [] : sql.all(ADD[kind], ...place, toJson(ids)).map(fromRow);
      });
    },
    remove: async (organizationId, groupId, memberIds) =>
      sql.all(REMOVE, organizationId, groupId, toJson(memberIds)).map(fromRow),
    list: async (organizationId, groupId, page) =>
      sql.all(LIST, organizationId, groupId, page.after ?? '', page.limit).map(fromRow),
    listNamed: async (organizationId, groupId, page) =>
      sql.tuples(LIST_NAMED, [organizationId, groupId, page.after ?? '', page.limit]).map(namedFromTuple),
    listWritten: async (organizationId, groupId, page, { user, group, mark, name }) => {
      const [before = '', between = null, behind = null] = user.split(mark);
      const words = [group, mark, before, between, behind, name] as const;
      const place = [organizationId, groupId, page.after ?? '', page.limit] as const;
      const [found = []] = sql.tuples(LIST_WRITTEN, [...words, ...place]);
      const [count, last, written] = typed<[number, string | null, string | null]>(found);
      return { count, last: last ?? undefined, text: written ?? '' };
    },
    listContaining: async (organizationId, memberIds) => listContaining(sql, organizationId, memberIds),
    listGroupsOf: async (organizationId, memberId) =>
      sql.all(LIST_GROUPS_OF, organizationId, organizationId, memberId).map(groupFromRow),
    removeEverywhere: async (organizationId, memberId) => leaveAll(sql, organizationId, memberId),
  };
}

function listContaining(
  sql: Sql,
  organizationId: OrganizationId,
  memberIds: readonly string[],
): readonly Containment[] {
  const [only = ''] = memberIds;
  // Look-ups ask about one person, and a list in JSON would cost more than the answer.
  const pairs =
    memberIds.length === 1
      ? sql.tuples(LIST_CONTAINING_ONE, [organizationId, only])
      : sql.tuples(LIST_CONTAINING, [organizationId, toJson(memberIds)]);
  const containers = new Map<string, Pick<Containment, 'displayName' | 'isContained'>>();
  return pairs.map((pair) => {
    const [memberId, groupId] = typed<[string, DirectoryGroupId]>(pair);
    let container = containers.get(groupId);
    if (container === undefined) {
      const row = sql.get(CONTAINER, organizationId, groupId) ?? {};
      container = { displayName: text(row, 'display_name'), isContained: flag(row, 'is_contained') };
      containers.set(groupId, container);
    }
    const { displayName, isContained } = container;
    return { memberId, groupId, displayName, isContained };
  });
}

function leaveAll(sql: Sql, organizationId: OrganizationId, memberId: string): readonly DirectoryGroupId[] {
  const rows = sql.all(REMOVE_EVERYWHERE, organizationId, memberId);
  return rows.map((row) => word<DirectoryGroupId>(row, 'group_id')).sort();
}
