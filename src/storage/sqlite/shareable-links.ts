/** Links that admins pass on, in SQLite. */
import type { ShareableLink, ShareableLinkUse } from '../../core/entities/shareable-link.ts';
import type { ShareableLinkRepository } from '../../core/ports/shareable-links.ts';
import { overwriting } from './overwriting.ts';
import { NO_ID_YET } from './paging.ts';
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
} from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM shareable_links WHERE organization_id = ? AND id = ?';
const FIND_BY_TOKEN = 'SELECT * FROM shareable_links WHERE token_hash = ?';
const LIST = 'SELECT * FROM shareable_links WHERE organization_id = ? AND id < ? ORDER BY id DESC LIMIT ?';
const LIST_OPEN = `
  SELECT * FROM shareable_links
  WHERE organization_id = ? AND revoked_at IS NULL AND expires_at > ? AND uses < max_uses ORDER BY id`;
const CLAIM = `
  UPDATE shareable_links SET uses = uses + 1
  WHERE organization_id = ? AND id = ? AND revoked_at IS NULL AND expires_at > ? AND uses < max_uses`;
const ERASE_USE = `
  UPDATE shareable_link_uses SET email = '' WHERE organization_id = ? AND link_id = ? AND membership_id = ?`;
const LIST_USES = `
  SELECT * FROM shareable_link_uses
  WHERE organization_id = ? AND link_id = ? AND membership_id > ? ORDER BY membership_id LIMIT ?`;

const columnsOf = (link: ShareableLink): Columns => ({
  role: link.role,
  teams: toJson(link.teams),
  domains: toJson(link.domains),
  token_hash: link.tokenHash,
  max_uses: link.maxUses,
  created_by: toJson(link.createdBy),
  created_at: link.createdAt,
  expires_at: link.expiresAt,
  revoked_at: link.revokedAt,
  asked_at: link.askedAt,
});

const fromRow = (row: Row): ShareableLink => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  organizationId: word(row, 'organization_id'),
  role: word(row, 'role'),
  teams: json(row, 'teams'),
  domains: json(row, 'domains'),
  tokenHash: text(row, 'token_hash'),
  maxUses: integer(row, 'max_uses'),
  uses: integer(row, 'uses'),
  createdBy: json(row, 'created_by'),
  createdAt: integer(row, 'created_at'),
  expiresAt: integer(row, 'expires_at'),
  revokedAt: integerOrNull(row, 'revoked_at'),
  askedAt: integerOrNull(row, 'asked_at'),
});

const useFromRow = (row: Row): ShareableLinkUse => ({
  membershipId: word(row, 'membership_id'),
  email: text(row, 'email'),
  usedAt: integer(row, 'used_at'),
});

/** Shareable links over one connection; the promises are those of the port. */
export function shareableLinkRepository(sql: Sql): ShareableLinkRepository {
  const one = (row: Row | undefined) => row && fromRow(row);
  return {
    insert: async (organizationId, link) =>
      insertRow(sql, 'shareable_links', {
        organization_id: ownedBy(organizationId, link),
        id: link.id,
        version: link.version,
        uses: link.uses,
        ...columnsOf(link),
      }),
    find: async (organizationId, id) => one(sql.get(FIND, organizationId, id)),
    list: async (organizationId, { after, limit }) =>
      sql.all(LIST, organizationId, after ?? NO_ID_YET, limit).map(fromRow),
    listOpen: async (organizationId, now) => sql.all(LIST_OPEN, organizationId, now).map(fromRow),
    update: async (organizationId, next, version) =>
      updateRow(sql, 'shareable_links', {
        key: { organization_id: ownedBy(organizationId, next), id: next.id },
        columns: columnsOf(next),
        version,
      }),
    claim: async (organizationId, id, { membershipId, email, usedAt }) => {
      if (sql.run(CLAIM, organizationId, id, usedAt) === 0) return false;
      insertRow(sql, 'shareable_link_uses', {
        organization_id: organizationId,
        link_id: id,
        membership_id: membershipId,
        email,
        used_at: usedAt,
      });
      return true;
    },
    listUses: async (organizationId, id, { after, limit }) =>
      sql.all(LIST_USES, organizationId, id, after ?? '', limit).map(useFromRow),
    eraseUse: async (organizationId, id, membershipId) =>
      overwriting(sql, () => sql.run(ERASE_USE, organizationId, id, membershipId)) > 0,
    findByTokenHash: async (tokenHash) => one(sql.get(FIND_BY_TOKEN, tokenHash)),
  };
}
