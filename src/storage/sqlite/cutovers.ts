/** Cut-overs and the members they remember, in SQLite. */
import type { Cutover, CutoverMember } from '../../core/entities/cutover.ts';
import type { CutoverMemberRepository, CutoverRepository } from '../../core/ports/cutovers.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import { overwriting } from './overwriting.ts';
import {
  type Columns,
  insertRow,
  integer,
  integerOrNull,
  json,
  ownedBy,
  text,
  toJson,
  updateRow,
  word,
  wordOrNull,
} from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM cutovers WHERE organization_id = ? AND directory_id = ?';
const REMOVE = 'DELETE FROM cutovers WHERE organization_id = ? AND directory_id = ?';
const LIST_MEMBERS = `
  SELECT * FROM cutover_members
  WHERE organization_id = ? AND directory_id = ? AND membership_id > ? ORDER BY membership_id LIMIT ?`;
const ERASE_MEMBER =
  'DELETE FROM cutover_members WHERE organization_id = ? AND directory_id = ? AND membership_id = ?';
const REMOVE_EXPIRED = 'DELETE FROM cutover_members WHERE expires_at <= ?';

const columnsOf = (cutover: Cutover): Columns => ({
  status: cutover.status,
  report_hash: cutover.reportHash,
  unmatched: cutover.unmatched,
  job_id: cutover.jobId,
  counts: toJson(cutover.counts),
  voided: toJson(cutover.voided),
  switched_at: cutover.switchedAt,
  rollback_until: cutover.rollbackUntil,
  rolled_back_at: cutover.rolledBackAt,
});

const fromRow = (row: Row): Cutover => ({
  organizationId: word(row, 'organization_id'),
  directoryId: word(row, 'directory_id'),
  version: integer(row, 'version'),
  status: word(row, 'status'),
  reportHash: text(row, 'report_hash'),
  unmatched: word(row, 'unmatched'),
  jobId: wordOrNull(row, 'job_id'),
  counts: json(row, 'counts'),
  voided: json(row, 'voided'),
  switchedAt: integer(row, 'switched_at'),
  rollbackUntil: integer(row, 'rollback_until'),
  rolledBackAt: integerOrNull(row, 'rolled_back_at'),
});

/** Cut-overs over one connection; the promises are those of the port. */
export function cutoverRepository(sql: Sql): CutoverRepository {
  return {
    insert: async (organizationId, cutover) =>
      insertRow(sql, 'cutovers', {
        organization_id: ownedBy(organizationId, cutover),
        directory_id: cutover.directoryId,
        version: cutover.version,
        ...columnsOf(cutover),
      }),
    find: async (organizationId, directoryId) => {
      const row = sql.get(FIND, organizationId, directoryId);
      return row && fromRow(row);
    },
    update: async (organizationId, next, version) => update(sql, organizationId, { next, version }),
    erase: async (organizationId, next, version) =>
      overwriting(sql, () => update(sql, organizationId, { next, version })),
    remove: async (organizationId, directoryId) => sql.run(REMOVE, organizationId, directoryId) > 0,
  };
}

function update(
  sql: Sql,
  organizationId: OrganizationId,
  { next, version }: { readonly next: Cutover; readonly version: number },
): void {
  updateRow(sql, 'cutovers', {
    key: { organization_id: ownedBy(organizationId, next), directory_id: next.directoryId },
    columns: columnsOf(next),
    version,
  });
}

const memberFromRow = (row: Row): CutoverMember => ({
  organizationId: word(row, 'organization_id'),
  directoryId: word(row, 'directory_id'),
  membershipId: word(row, 'membership_id'),
  membership: json(row, 'membership'),
  grants: json(row, 'grants'),
  expiresAt: integer(row, 'expires_at'),
});

/** Members as they were, over one connection; the promises are those of the port. */
export function cutoverMemberRepository(sql: Sql): CutoverMemberRepository {
  return {
    insert: async (organizationId, member) =>
      insertRow(sql, 'cutover_members', {
        organization_id: ownedBy(organizationId, member),
        directory_id: member.directoryId,
        membership_id: member.membershipId,
        membership: toJson(member.membership),
        grants: toJson(member.grants),
        expires_at: member.expiresAt,
      }),
    list: async (organizationId, directoryId, { after = '', limit }) =>
      sql.all(LIST_MEMBERS, organizationId, directoryId, after, limit).map(memberFromRow),
    erase: async (...key) => overwriting(sql, () => sql.run(ERASE_MEMBER, ...key)) > 0,
    removeExpired: async (now) => sql.run(REMOVE_EXPIRED, now),
  };
}
