/** E-mail domains in SQLite; a partial unique index lets only one organization prove each. */
import type { Domain } from '../../core/entities/sign-in.ts';
import type { DomainRepository } from '../../core/ports/sign-ins.ts';
import { type Columns, insertRow, integer, integerOrNull, ownedBy, text, updateRow, word } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM domains WHERE organization_id = ? AND id = ?';
const FIND_VERIFIED = "SELECT * FROM domains WHERE domain = ? AND status = 'verified'";
const LIST = 'SELECT * FROM domains WHERE organization_id = ? ORDER BY id';
const REMOVE = 'DELETE FROM domains WHERE organization_id = ? AND id = ?';

const columnsOf = (domain: Domain): Columns => ({
  domain: domain.domain,
  status: domain.status,
  challenge: domain.challenge,
  verified_at: domain.verifiedAt,
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
    findVerified: async (domain) => one(sql.get(FIND_VERIFIED, domain)),
  };
}
