/** Sign-in identities in SQLite: (connection, issuer, subject) and nothing else selects one (law 2). */
import type { Identity } from '../../core/entities/people.ts';
import type { IdentityRepository } from '../../core/ports/sign-ins.ts';
import { insertRow, integer, ownedBy, text, word } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = `
  SELECT * FROM identities
  WHERE organization_id = ? AND connection_id = ? AND issuer = ? AND subject = ?`;
const FIND_BY_MEMBERSHIP = `
  SELECT * FROM identities WHERE organization_id = ? AND connection_id = ? AND membership_id = ?`;
const LIST_BY_MEMBERSHIP = `
  SELECT * FROM identities WHERE organization_id = ? AND membership_id = ? ORDER BY connection_id`;
const REMOVE_BY_MEMBERSHIP = 'DELETE FROM identities WHERE organization_id = ? AND membership_id = ?';

const fromRow = (row: Row): Identity => ({
  organizationId: word(row, 'organization_id'),
  connectionId: word(row, 'connection_id'),
  issuer: text(row, 'issuer'),
  subject: text(row, 'subject'),
  userId: word(row, 'user_id'),
  membershipId: word(row, 'membership_id'),
  createdAt: integer(row, 'created_at'),
});

/** Identities over one connection; the promises are those of the port. */
export function identityRepository(sql: Sql): IdentityRepository {
  const one = (row: Row | undefined) => row && fromRow(row);
  return {
    insert: async (organizationId, identity) =>
      insertRow(sql, 'identities', {
        organization_id: ownedBy(organizationId, identity),
        connection_id: identity.connectionId,
        issuer: identity.issuer,
        subject: identity.subject,
        user_id: identity.userId,
        membership_id: identity.membershipId,
        created_at: identity.createdAt,
      }),
    find: async (organizationId, connectionId, issuer, subject) =>
      one(sql.get(FIND, organizationId, connectionId, issuer, subject)),
    findByMembership: async (organizationId, connectionId, membershipId) =>
      one(sql.get(FIND_BY_MEMBERSHIP, organizationId, connectionId, membershipId)),
    listByMembership: async (organizationId, membershipId) =>
      sql.all(LIST_BY_MEMBERSHIP, organizationId, membershipId).map(fromRow),
    removeByMembership: async (organizationId, membershipId) => {
      sql.run(REMOVE_BY_MEMBERSHIP, organizationId, membershipId);
    },
  };
}
