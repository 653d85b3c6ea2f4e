/** Organizations in SQLite, with the two counters that move by conditional write only. */
import type { Organization } from '../../core/entities/organization.ts';
import { PLAIN_BRANDING, USUAL_NOTIFICATIONS } from '../../core/entities/organization.ts';
import type { CountsOutcome, OrganizationRepository } from '../../core/ports/people.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import type { RememberedHead } from './audit-heads.ts';
import { removeGradually } from './gradual-removal.ts';
import { MEMBER_ROWS } from './member-rows.ts';
import {
  type Columns,
  flag,
  insertRow,
  integer,
  integerOrNull,
  json,
  ownedBy,
  text,
  toFlag,
  toJson,
  updateRow,
  word,
  wordOrNull,
} from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM organizations WHERE id = ?';
const FIND_BY_SLUG = 'SELECT * FROM organizations WHERE slug = ?';
const LIST = 'SELECT * FROM organizations WHERE id > ? ORDER BY id LIMIT ?';
const REMOVE = 'DELETE FROM organizations WHERE id = ?';
/** The journal has no foreign key, so that the end of an organization can still be told afterwards; webhooks may belong to none. */
const REMOVE_JOURNAL = ['audit_events', 'audit_heads', 'outbox', 'webhooks'].map(
  (table) => `DELETE FROM ${table} WHERE organization_id = ?`,
);
/** What an organization may have a hundred thousand of, those that refer to others first. */
const REMOVE_MANY = [
  { table: 'sessions', key: ['organization_id', 'id'] },
  { table: 'application_grants', key: ['organization_id', 'id'] },
  MEMBER_ROWS,
  { table: 'directory_user_unique_values', key: ['organization_id', 'directory_id', 'value_key'] },
  { table: 'directory_user_emails', key: ['organization_id', 'directory_id', 'value_key', 'user_id'] },
  { table: 'directory_users', key: ['organization_id', 'directory_id', 'id'] },
  { table: 'removed_directory_users', key: ['organization_id', 'directory_id', 'id'] },
  { table: 'cutover_members', key: ['organization_id', 'directory_id', 'membership_id'] },
  { table: 'review_items', key: ['organization_id', 'review_id', 'membership_id'] },
  { table: 'team_members', key: ['organization_id', 'team_id', 'membership_id'] },
  { table: 'identities', key: ['organization_id', 'connection_id', 'issuer', 'subject'] },
  { table: 'grants', key: ['organization_id', 'membership_id', 'id'] },
  { table: 'memberships', key: ['organization_id', 'id'] },
  { table: 'ended_grants', key: ['organization_id', 'membership_id', 'ended_at', 'id'] },
  { table: 'past_values', key: ['organization_id', 'subject_id', 'kind', 'until'] },
  { table: 'recorder_entries', key: ['organization_id', 'id'] },
  { table: 'audit_events', key: ['organization_id', 'id'] },
  { table: 'invitations', key: ['organization_id', 'id'] },
  { table: 'sign_in_attempts', key: ['organization_id', 'id'] },
  { table: 'outbox', key: ['organization_id', 'id'] },
];
const MOVE_COUNTS = `
  UPDATE organizations SET seats_used = seats_used + ?, active_owners = active_owners + ?
  WHERE id = ?
    AND (? <= 0 OR plan_seats IS NULL OR seats_used + ? <= plan_seats)
    AND (? >= 0 OR active_owners < 1 OR active_owners + ? >= 1)`;

/** Nearly every organization is as it comes; its row is read with every request and holds nothing to parse. */
const unlessUsual = <Settings extends object>(settings: Settings, usual: Settings): string | null =>
  toJson(settings) === toJson(usual) ? null : toJson(settings);

/** Everything `update` may store: not the counters. */
const settingsOf = (organization: Organization): Columns => ({
  slug: organization.slug,
  name: organization.name,
  plan_preset: organization.plan.preset,
  plan_seats: organization.plan.seats,
  plan_invitations: toFlag(organization.plan.invitations),
  plan_teams: organization.plan.teams,
  plan_sso: toFlag(organization.plan.sso),
  plan_scim: toFlag(organization.plan.scim),
  provisioning: organization.provisioning,
  default_role: organization.defaultRole,
  conflict_policy: organization.conflictPolicy,
  strict_claims: toFlag(organization.strictClaims),
  sso_policy: organization.ssoPolicy,
  require_second_factor: toFlag(organization.requireSecondFactor),
  reprojection_job_id: organization.reprojectionJobId,
  invitation_ttl_ms: organization.invitationTtlMs,
  links_require_domains: toFlag(organization.linksRequireDomains),
  branding: unlessUsual(organization.branding, PLAIN_BRANDING),
  audit_retention_days: organization.auditRetentionDays,
  notifications: unlessUsual(organization.notifications, USUAL_NOTIFICATIONS),
  created_at: organization.createdAt,
  updated_at: organization.updatedAt,
});

const fromRow = (row: Row): Organization => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  slug: text(row, 'slug'),
  name: text(row, 'name'),
  plan: {
    preset: text(row, 'plan_preset'),
    seats: integerOrNull(row, 'plan_seats'),
    invitations: flag(row, 'plan_invitations'),
    teams: word(row, 'plan_teams'),
    sso: flag(row, 'plan_sso'),
    scim: flag(row, 'plan_scim'),
  },
  provisioning: word(row, 'provisioning'),
  defaultRole: word(row, 'default_role'),
  conflictPolicy: word(row, 'conflict_policy'),
  strictClaims: flag(row, 'strict_claims'),
  ssoPolicy: word(row, 'sso_policy'),
  requireSecondFactor: flag(row, 'require_second_factor'),
  reprojectionJobId: wordOrNull(row, 'reprojection_job_id'),
  invitationTtlMs: integer(row, 'invitation_ttl_ms'),
  linksRequireDomains: flag(row, 'links_require_domains'),
  branding: row.branding === null ? PLAIN_BRANDING : json(row, 'branding'),
  auditRetentionDays: integerOrNull(row, 'audit_retention_days'),
  notifications: row.notifications === null ? USUAL_NOTIFICATIONS : json(row, 'notifications'),
  seatsUsed: integer(row, 'seats_used'),
  activeOwners: integer(row, 'active_owners'),
  createdAt: integer(row, 'created_at'),
  updatedAt: integer(row, 'updated_at'),
});

/** Organizations over one connection; the promises are those of the port. */
export function organizationRepository(sql: Sql, remembered: RememberedHead): OrganizationRepository {
  const one = (row: Row | undefined) => row && fromRow(row);
  return {
    insert: async (id, organization) =>
      insertRow(sql, 'organizations', {
        id: ownedBy(id, { organizationId: organization.id }),
        version: organization.version,
        ...settingsOf(organization),
        seats_used: organization.seatsUsed,
        active_owners: organization.activeOwners,
      }),
    find: async (id) => one(sql.get(FIND, id)),
    update: async (id, next, version) =>
      updateRow(sql, 'organizations', {
        key: { id: ownedBy(id, { organizationId: next.id }) },
        columns: settingsOf(next),
        version,
      }),
    remove: async (id) => {
      for (const removal of REMOVE_MANY) await removeGradually(sql, removal, [id]);
      remembered.settle(sql);
      remembered.forget();
      for (const statement of REMOVE_JOURNAL) sql.run(statement, id);
      return sql.run(REMOVE, id) > 0;
    },
    moveCounts: async (id, { seats, owners }) => {
      const moved = sql.run(MOVE_COUNTS, seats, owners, id, seats, seats, owners, owners) > 0;
      return moved ? 'moved' : whyNotMoved(sql, id, seats);
    },
    findBySlug: async (slug) => one(sql.get(FIND_BY_SLUG, slug)),
    list: async (page) => sql.all(LIST, page.after ?? '', page.limit).map(fromRow),
  };
}

/** Tells which rule refused a move; seats are named first when both did. */
function whyNotMoved(sql: Sql, id: OrganizationId, seats: number): CountsOutcome {
  const row = sql.get(FIND, id);
  if (row === undefined) throw new GatehouseError('not_found', 'There is no such organization.');
  const { plan, seatsUsed } = fromRow(row);
  return seats > 0 && plan.seats !== null && seatsUsed + seats > plan.seats
    ? 'seats_exhausted'
    : 'last_owner';
}
