/** E-mail domains in SQLite; a partial unique index lets only one organization prove each. */
import type { Domain } from '../../core/entities/domain.ts';
import type { DomainRepository } from '../../core/ports/sign-ins.ts';
import {
  type Columns,
  insertRow,
  integer,
  integerOrNull,
  ownedBy,
  text,
  updateRow,
  word,
  wordOrNull,
} from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM domains WHERE organization_id = ? AND id = ?';
const FIND_VERIFIED = "SELECT * FROM domains WHERE domain = ? AND status = 'verified'";
const LIST_TO_CHECK = `
  SELECT * FROM domains WHERE proof = 'dns' AND checked_at <= ? ORDER BY checked_at, organization_id, id LIMIT ?`;
const LIST = 'SELECT * FROM domains WHERE organization_id = ? ORDER BY id';
const REMOVE = 'DELETE FROM domains WHERE organization_id = ? AND id = ?';

const columnsOf = (domain: Domain): Columns => ({
  domain: domain.domain,
  status: domain.status,
  challenge: domain.challenge,
  verified_at: domain.verifiedAt,
  proof: domain.proof,
  checked_at: domain.checkedAt,
  missing_since: domain.missingSince,
  unanswered_ms: domain.unansweredMs,
  connection_id: domain.connectionId,
  created_at: domain.createdAt,
});

const fromRow = (row: Row): Domain => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  organizationId: word(row, 'organization_id'),
  domain: text(row, 'domain'),
  status: word(row, 'status'),
  challenge: text(row, 'challenge'),
  verifiedAt: integerOrNull(row, 'verified_at'),
  proof: wordOrNull(row, 'proof'),
  checkedAt: integerOrNull(row, 'checked_at'),
  missingSince: integerOrNull(row, 'missing_since'),
  unansweredMs: integer(row, 'unanswered_ms'),
  connectionId: wordOrNull(row, 'connection_id'),
  createdAt: integer(row, 'created_at'),
});

/** Domains over one connection; the promises are those of the port. */
export function domainRepository(sql: Sql): DomainRepository {
  const one = (row: Row | undefined) => row && fromRow(row);
  return {
    insert: async (organizationId, domain) =>
      insertRow(sql, 'domains', {
        organization_id: ownedBy(organizationId, domain),
        id: domain.id,
        version: domain.version,
        ...columnsOf(domain),
      }),
    find: async (organizationId, id) => one(sql.get(FIND, organizationId, id)),
    list: async (organizationId) => sql.all(LIST, organizationId).map(fromRow),
    update: async (organizationId, next, version) =>
      updateRow(sql, 'domains', {
        key: { organization_id: ownedBy(organizationId, next), id: next.id },
        columns: columnsOf(next),
        version,
      }),
    remove: async (organizationId, id) => sql.run(REMOVE, organizationId, id) > 0,
    listToCheck: async (checkedBefore, limit) => sql.all(LIST_TO_CHECK, checkedBefore, limit).map(fromRow),
    findVerified: async (domain) => one(sql.get(FIND_VERIFIED, domain)),
  };
}
