/** Invitations in SQLite. */
import type { Invitation } from '../../core/entities/invitation.ts';
import type { PageRequest } from '../../core/ports/paging.ts';
import type { InvitationRepository } from '../../core/ports/people.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
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
  textOrNull,
  toJson,
  updateRow,
  word,
  wordOrNull,
} from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM invitations WHERE organization_id = ? AND id = ?';
const FIND_PENDING =
  "SELECT * FROM invitations WHERE organization_id = ? AND email_key = ? AND status = 'pending'";
const FIND_BY_TOKEN = 'SELECT * FROM invitations WHERE token_hash = ?';
/** The newest before an id, of one status or of any; `rest` says what else, and of how many. */
const newest = (columns: string, rest: string) => {
  const after = `AND id < ? ${rest}`;
  return {
    any: `SELECT ${columns} FROM invitations WHERE organization_id = ? ${after}`,
    ofStatus: `SELECT ${columns} FROM invitations WHERE organization_id = ? AND status = ? ${after}`,
  };
};
const LIST = newest('*', 'ORDER BY id DESC LIMIT ?');
const SEARCH = newest('*', 'AND id >= ? AND instr(email_key, ?) > 0 ORDER BY id DESC LIMIT ?');
const NTH = newest('id', 'ORDER BY id DESC LIMIT 1 OFFSET ?');
const LIST_PENDING = "SELECT * FROM invitations WHERE organization_id = ? AND status = 'pending' ORDER BY id";
const COUNT_OPEN = `
  SELECT COUNT(*) AS count FROM invitations WHERE organization_id = ? AND status = 'pending' AND expires_at > ?`;
const CLAIM = `
  UPDATE invitations SET status = 'accepted', accepted_by = ?, settled_at = ?, version = version + 1
  WHERE organization_id = ? AND id = ? AND status = 'pending' AND expires_at > ?`;

const columnsOf = (invitation: Invitation): Columns => ({
  email: invitation.email,
  email_key: invitation.emailKey,
  role: invitation.role,
  teams: toJson(invitation.teams),
  resources: toJson(invitation.resources),
  message: invitation.message,
  department: invitation.department,
  delivery: invitation.delivery,
  mail_id: invitation.mailId,
  token_hash: invitation.tokenHash,
  status: invitation.status,
  invited_by: toJson(invitation.invitedBy),
  accepted_by: invitation.acceptedBy,
  created_at: invitation.createdAt,
  expires_at: invitation.expiresAt,
  chosen_ttl_ms: invitation.chosenTtlMs,
  settled_at: invitation.settledAt,
  asked_at: invitation.askedAt,
  history: toJson(invitation.history),
  resent_count: invitation.resentCount,
});

const fromRow = (row: Row): Invitation => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  organizationId: word(row, 'organization_id'),
  email: text(row, 'email'),
  emailKey: text(row, 'email_key'),
  role: word(row, 'role'),
  teams: json(row, 'teams'),
  resources: json(row, 'resources'),
  message: textOrNull(row, 'message'),
  department: textOrNull(row, 'department'),
  delivery: word(row, 'delivery'),
  mailId: wordOrNull(row, 'mail_id'),
  tokenHash: text(row, 'token_hash'),
  status: word(row, 'status'),
  invitedBy: json(row, 'invited_by'),
  acceptedBy: wordOrNull(row, 'accepted_by'),
  createdAt: integer(row, 'created_at'),
  expiresAt: integer(row, 'expires_at'),
  chosenTtlMs: integerOrNull(row, 'chosen_ttl_ms'),
  settledAt: integerOrNull(row, 'settled_at'),
  askedAt: integerOrNull(row, 'asked_at'),
  history: json(row, 'history'),
  resentCount: integer(row, 'resent_count'),
});

/** Invitations over one connection; the promises are those of the port. */
export function invitationRepository(sql: Sql): InvitationRepository {
  const one = (row: Row | undefined) => row && fromRow(row);
  const update = (organizationId: OrganizationId, next: Invitation, version: number): void =>
    updateRow(sql, 'invitations', {
      key: { organization_id: ownedBy(organizationId, next), id: next.id },
      columns: columnsOf(next),
      version,
    });
  return {
    insert: async (organizationId, invitation) =>
      insertRow(sql, 'invitations', {
        organization_id: ownedBy(organizationId, invitation),
        id: invitation.id,
        version: invitation.version,
        ...columnsOf(invitation),
      }),
    find: async (organizationId, id) => one(sql.get(FIND, organizationId, id)),
    findPendingByEmail: async (organizationId, emailKey) =>
      one(sql.get(FIND_PENDING, organizationId, emailKey)),
    list: async (organizationId, filter, page) => listNewest(sql, organizationId, { ...filter, page }),
    findNth: async (organizationId, { status, after = NO_ID_YET }, count) => {
      const row =
        status === undefined
          ? sql.get(NTH.any, organizationId, after, count - 1)
          : sql.get(NTH.ofStatus, organizationId, status, after, count - 1);
      return row && word(row, 'id');
    },
    listPending: async (organizationId) => sql.all(LIST_PENDING, organizationId).map(fromRow),
    countOpen: async (organizationId, now) =>
      integer(sql.get(COUNT_OPEN, organizationId, now) ?? {}, 'count'),
    update: async (organizationId, next, version) => update(organizationId, next, version),
    erase: async (organizationId, next, version) =>
      overwriting(sql, () => update(organizationId, next, version)),
    claim: async (organizationId, id, { membershipId, now }) =>
      sql.run(CLAIM, membershipId, now, organizationId, id, now) > 0,
    findByTokenHash: async (tokenHash) => one(sql.get(FIND_BY_TOKEN, tokenHash)),
  };
}

function listNewest(
  sql: Sql,
  organizationId: OrganizationId,
  ask: Parameters<InvitationRepository['list']>[1] & { readonly page: PageRequest },
): readonly Invitation[] {
  const { status, text: held, downTo = '', page } = ask;
  const whose = status === undefined ? [organizationId] : [organizationId, status];
  const which = status === undefined ? 'any' : 'ofStatus';
  const before = page.after ?? NO_ID_YET;
  const rows =
    held === undefined
      ? sql.all(LIST[which], ...whose, before, page.limit)
      : sql.all(SEARCH[which], ...whose, before, downTo, held, page.limit);
  return rows.map(fromRow);
}
