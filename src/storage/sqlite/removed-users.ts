/** What is remembered of people a directory removed, in SQLite. */
import type { RemovedUser } from '../../core/entities/adoption.ts';
import type { RemovedUserRepository } from '../../core/ports/adoption.ts';
import { flag, insertRow, integer, ownedBy, text, textOrNull, toFlag, word } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND =
  'SELECT * FROM removed_directory_users WHERE organization_id = ? AND directory_id = ? AND id = ?';
const LIST_BY_USER_NAME = `
  SELECT * FROM removed_directory_users
  WHERE organization_id = ? AND directory_id = ? AND user_name_key = ? AND expires_at > ?`;
const LIST_BY_EXTERNAL_ID = `
  SELECT * FROM removed_directory_users
  WHERE organization_id = ? AND directory_id = ? AND external_id = ? AND expires_at > ?`;
const FIND_BY_MEMBERSHIP = `
  SELECT * FROM removed_directory_users
  WHERE organization_id = ? AND directory_id = ? AND membership_id = ? ORDER BY removed_at DESC, id DESC LIMIT 1`;
const CONSUME =
  'DELETE FROM removed_directory_users WHERE organization_id = ? AND directory_id = ? AND id = ?';
const REMOVE_EXPIRED = 'DELETE FROM removed_directory_users WHERE expires_at <= ?';

const fromRow = (row: Row): RemovedUser => ({
  id: word(row, 'id'),
  organizationId: word(row, 'organization_id'),
  directoryId: word(row, 'directory_id'),
  userNameKey: text(row, 'user_name_key'),
  externalId: textOrNull(row, 'external_id'),
  userId: word(row, 'user_id'),
  membershipId: word(row, 'membership_id'),
  isSuspended: flag(row, 'is_suspended'),
  removedAt: integer(row, 'removed_at'),
  expiresAt: integer(row, 'expires_at'),
});

const lastRemovedFirst = (left: RemovedUser, right: RemovedUser): number =>
  right.removedAt - left.removedAt || (left.id < right.id ? 1 : -1);

/** Removed people over one connection; the promises are those of the port. */
export function removedUserRepository(sql: Sql): RemovedUserRepository {
  return {
    insert: async (organizationId, user) =>
      insertRow(sql, 'removed_directory_users', {
        organization_id: ownedBy(organizationId, user),
        directory_id: user.directoryId,
        id: user.id,
        user_name_key: user.userNameKey,
        external_id: user.externalId,
        user_id: user.userId,
        membership_id: user.membershipId,
        is_suspended: toFlag(user.isSuspended),
        removed_at: user.removedAt,
        expires_at: user.expiresAt,
      }),
    find: async (organizationId, directoryId, id) => {
      const row = sql.get(FIND, organizationId, directoryId, id);
      return row && fromRow(row);
    },
    listMatching: async (organizationId, directoryId, { userNameKey, externalId, now }) => {
      // Two look-ups, each by its own index and nearly always of nobody: as one statement they cost three times as much.
      const byName = sql.all(LIST_BY_USER_NAME, organizationId, directoryId, userNameKey, now);
      const byId =
        externalId === null ? [] : sql.all(LIST_BY_EXTERNAL_ID, organizationId, directoryId, externalId, now);
      const found = new Map([...byName, ...byId].map((row) => [text(row, 'id'), fromRow(row)]));
      return [...found.values()].sort(lastRemovedFirst);
    },
    findByMembership: async (organizationId, directoryId, membershipId) => {
      const row = sql.get(FIND_BY_MEMBERSHIP, organizationId, directoryId, membershipId);
      return row && fromRow(row);
    },
    consume: async (organizationId, directoryId, id) => sql.run(CONSUME, organizationId, directoryId, id) > 0,
    removeExpired: async (now) => sql.run(REMOVE_EXPIRED, now),
  };
}
