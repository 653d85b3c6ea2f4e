/** The switch between manual and directory-managed, and what it does to invitations and directory grants (law 11). */

import { GatehouseError } from '../../kernel/errors.ts';
import type { RoleRules } from '../access/grants.ts';
import { insertGrant, refreshRoles } from '../access/grants.ts';
import { endingOf } from '../access/history.ts';
import { ranksOfGrants } from '../access/role-table.ts';
import type { Grant, GrantScope, RankOf } from '../access/roles.ts';
import { resolveRoles } from '../access/roles.ts';
import type { ChangeContext } from '../deps.ts';
import type { Directory, DirectoryUser } from '../entities/directory.ts';
import { withdrawn } from '../entities/invitation.ts';
import type { Organization } from '../entities/organization.ts';
import type { Membership } from '../entities/people.ts';
import { endShareableLink } from '../joining/link-endings.ts';
import { record } from '../journal/audit.ts';
import { endMembership, getMembership, updateMembership } from '../members/memberships.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { isHeld } from './adoption-conflicts.ts';

/**
 * Makes `provisioning` follow the directories: `directory` while at least one is active. On the way in, every pending
 * invitation and every open link dies in the same transaction (S163).
 */
export async function settleProvisioning(tx: Repositories, context: ChangeContext): Promise<void> {
  const organization = await getOrganization(tx, context.organizationId);
  const directories = await tx.directories.list(context.organizationId);
  const provisioning = directories.some((directory) => directory.status === 'active')
    ? 'directory'
    : 'manual';
  if (provisioning === organization.provisioning) return;
  await tx.organizations.update(
    context.organizationId,
    { ...organization, provisioning, updatedAt: context.now },
    organization.version,
  );
  const voidedInvitations = provisioning === 'directory' ? await voidPendingInvitations(tx, context) : 0;
  const voidedLinks = provisioning === 'directory' ? await voidOpenLinks(tx, context) : 0;
  await record(tx, context, {
    type: 'organization.provisioning_changed',
    target: { kind: 'organization', id: context.organizationId },
    details: { before: organization.provisioning, after: provisioning, voidedInvitations, voidedLinks },
  });
}

async function voidPendingInvitations(tx: Repositories, context: ChangeContext): Promise<number> {
  const pending = await tx.invitations.listPending(context.organizationId);
  for (const invitation of pending) {
    await tx.invitations.update(
      context.organizationId,
      withdrawn(invitation, {
        kind: 'voided',
        why: 'directory_managed',
        by: context.cause.actor,
        at: context.now,
      }),
      invitation.version,
    );
    await record(tx, context, {
      type: 'invitation.voided',
      target: { kind: 'invitation', id: invitation.id },
      details: { email: invitation.email, reason: 'directory_managed' },
    });
  }
  return pending.length;
}

async function voidOpenLinks(tx: Repositories, context: ChangeContext): Promise<number> {
  const open = await tx.shareableLinks.listOpen(context.organizationId, context.now);
  for (const link of open) await endShareableLink(tx, context, { link, voided: 'directory_managed' });
  return open.length;
}

/** Before a directory goes: its people stay as members by hand, its grants become manual ones or go, and its users are forgotten. */
export async function releaseDirectory(
  tx: Repositories,
  context: ChangeContext,
  input: { readonly directory: Directory; readonly grants: 'keep' | 'drop' },
): Promise<void> {
  const { directory, grants } = input;
  const rules = await getOrganization(tx, context.organizationId);
  const limit = 500;
  let after: string | undefined;
  for (;;) {
    const page = await tx.directoryUsers.scan(
      context.organizationId,
      directory.id,
      { kind: 'all' },
      { after, limit },
    );
    for (const user of page) {
      if (user.shadow !== null) continue;
      await releaseUser(tx, context, { user, rules, grants });
    }
    if (page.length < limit) return;
    after = page.at(-1)?.id;
  }
}

async function releaseUser(
  tx: Repositories,
  context: ChangeContext,
  input: {
    readonly user: DirectoryUser;
    readonly rules: RoleRules;
    readonly grants: 'keep' | 'drop';
  },
): Promise<void> {
  const { user, rules, grants } = input;
  const held = await getMembership(tx, context.organizationId, user.membershipId);
  // Whoever still waits to be told from a member was never let in, and nobody is left to decide.
  if (await isHeld(tx, context.organizationId, user.id))
    return endMembership(tx, context, { membership: held });
  const after: Membership = { ...held, source: 'manual', updatedAt: context.now };
  const membership = await updateMembership(tx, context, { before: held, after });
  await releaseGrants(tx, context, { membership, rules, grants });
  await refreshRoles(tx, context, { membership, rules });
}

async function releaseGrants(
  tx: Repositories,
  context: ChangeContext,
  input: {
    readonly membership: Membership;
    readonly rules: RoleRules;
    readonly grants: 'keep' | 'drop';
  },
): Promise<void> {
  const { membership, rules } = input;
  const { actor } = context.cause;
  const ledger = await tx.grants.listByMembership(context.organizationId, membership.id);
  const ranks = await ranksOfGrants(tx, ledger);
  const kept = input.grants === 'keep' ? scopesDecidedByDirectory(ledger, rules.conflictPolicy, ranks) : [];
  for (const grant of ledger) {
    if (isPushed(grant)) await tx.grants.end(context.organizationId, grant, endingOf(context));
  }
  const source = {
    kind: 'manual' as const,
    actor:
      actor.kind === 'member' ? actor.membershipId : actor.kind === 'api_key' ? actor.apiKeyId : 'operator',
  };
  for (const scope of kept)
    await insertGrant(tx, context, { membershipId: membership.id, scope, source, rank: 0 });
}

const isPushed = (grant: Grant): boolean => grant.source.kind === 'directory_group';

/**
 * The roles that hold because of a group and of nothing that stays. Roles, not grants: manual grants know no ranks and
 * no conflicts, so a grant that was outranked or refused would rise to power if it were kept.
 */
function scopesDecidedByDirectory(
  ledger: readonly Grant[],
  policy: RoleRules['conflictPolicy'],
  ranks: RankOf,
): readonly GrantScope[] {
  const { org, teams } = resolveRoles(ledger, policy, ranks);
  return [org, ...teams].flatMap((resolved) => {
    const [first] = resolved?.because ?? [];
    return first !== undefined && resolved?.because.every(isPushed) ? [first.scope] : [];
  });
}

/** Throws `invitations_disabled`, naming who manages people, when the organization is directory-managed. */
export async function assertInvitationsOpen(
  from: Queries | Repositories,
  organization: Organization,
): Promise<void> {
  if (organization.provisioning !== 'directory') return;
  const directories = await from.directories.list(organization.id);
  const names = directories
    .filter((directory) => directory.status === 'active')
    .map((directory) => directory.name);
  throw new GatehouseError(
    'invitations_disabled',
    `People in ${organization.name} are managed by its directory (${names.join(', ')}). Ask whoever administers it to add this person there.`,
  );
}
