/** The switch between manual and directory-managed, and what it does to invitations and directory grants (law 11). */

import { GatehouseError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { record } from './audit.ts';
import type { ChangeContext } from './deps.ts';
import type { Directory } from './entities/directory.ts';
import type { Organization } from './entities/organization.ts';
import { refreshRoles } from './grants.ts';
import { getMembership } from './memberships.ts';
import { getOrganization } from './organization-lookup.ts';
import type { Queries, Repositories } from './ports/storage.ts';

/**
 * Makes `provisioning` follow the directories: `directory` while at least one is active. On the way in, every pending
 * invitation dies in the same transaction (S163).
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
  await record(tx, context, {
    type: 'organization.provisioning_changed',
    target: { kind: 'organization', id: context.organizationId },
    details: { before: organization.provisioning, after: provisioning, voidedInvitations },
  });
}

async function voidPendingInvitations(tx: Repositories, context: ChangeContext): Promise<number> {
  const pending = await tx.invitations.listPending(context.organizationId);
  for (const invitation of pending) {
    await tx.invitations.update(
      context.organizationId,
      { ...invitation, status: 'revoked', settledAt: context.now },
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

/** Before a directory goes: its people stay, its grants become manual ones or go, and its users are forgotten. */
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
      await releaseGrants(tx, context, { user, grants });
      const membership = await getMembership(tx, context.organizationId, user.membershipId);
      await refreshRoles(tx, context, { membership, rules });
    }
    if (page.length < limit) return;
    after = page.at(-1)?.id;
  }
}

async function releaseGrants(
  tx: Repositories,
  context: ChangeContext,
  input: {
    readonly user: { readonly membershipId: Parameters<Repositories['grants']['listByMembership']>[1] };
    readonly grants: 'keep' | 'drop';
  },
): Promise<void> {
  const { membershipId } = input.user;
  for (const grant of await tx.grants.listByMembership(context.organizationId, membershipId)) {
    if (grant.source.kind !== 'directory_group') continue;
    await tx.grants.remove(context.organizationId, grant.id);
    if (input.grants === 'drop') continue;
    const source = { kind: 'manual' as const, actor: 'operator' };
    await tx.grants.insert(context.organizationId, {
      ...grant,
      id: newId('grt', context.now),
      source,
      rank: 0,
      createdAt: context.now,
    });
  }
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
