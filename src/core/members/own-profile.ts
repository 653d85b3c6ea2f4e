/** How somebody is seen in the organization they are signed in to: the name and the picture they chose, and may choose anew. */
import { GatehouseError } from '../../kernel/errors.ts';
import { isOwnProof } from '../connections/sso-policy.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import { findHeld } from '../directory/directory-hold.ts';
import type { Cause } from '../entities/journal.ts';
import type { Membership } from '../entities/people.ts';
import { record } from '../journal/audit.ts';
import type { Repositories } from '../ports/storage.ts';
import type { SignedIn } from '../sign-in/sessions.ts';
import { getMembership, updateMembership } from './memberships.ts';

/** Absent: as it is. Null takes it away. */
export interface ProfileChange {
  /** Null: the account's own name. */
  readonly displayName?: string | null | undefined;
  /** https. */
  readonly avatarUrl?: string | null | undefined;
}

/**
 * Changes how this organization sees the person. The picture is the account's too, for organizations joined later, in a session
 * they opened themselves; one that an identity provider vouches for reaches no further than its organization (law 3). Throws
 * `role_from_directory` (field `displayName`) for somebody whose name a directory writes.
 */
export async function changeOwnProfile(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: { readonly signedIn: SignedIn; readonly change: ProfileChange; readonly cause: Cause },
): Promise<Membership> {
  const { signedIn, change, cause } = input;
  const { id, organizationId } = signedIn.membership;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const before = await getMembership(tx, organizationId, id);
    const name = await nameAfter(tx, before, change);
    if (isOwnProof(signedIn.session)) await keepPicture(tx, context, { membership: before, change });
    const { avatarUrl = before.avatarUrl } = change;
    if (name === before.name && avatarUrl === before.avatarUrl) return before;
    const wanted = { ...before, name, avatarUrl, updatedAt: context.now };
    const after = await updateMembership(tx, context, { before, after: wanted });
    await record(tx, context, {
      type: 'member.updated',
      target: { kind: 'membership', id },
      details: { before: seen(before), after: seen(after) },
    });
    return after;
  });
}

const seen = ({ name, avatarUrl }: Membership) => ({ name, avatarUrl });

async function nameAfter(
  tx: Repositories,
  membership: Membership,
  { displayName }: ProfileChange,
): Promise<string> {
  if (displayName === undefined || displayName === membership.name) return membership.name;
  if ((await findHeld(tx, membership)) !== undefined)
    throw new GatehouseError(
      'role_from_directory',
      'Your name comes from the directory of your organization. It is changed there.',
      { field: 'displayName', whatToDo: 'Have your name changed in the directory of your organization.' },
    );
  return displayName ?? (await tx.users.find(membership.userId))?.name ?? membership.name;
}

async function keepPicture(
  tx: Repositories,
  { now }: ChangeContext,
  { membership, change: { avatarUrl } }: { readonly membership: Membership; readonly change: ProfileChange },
): Promise<void> {
  const user = await tx.users.find(membership.userId);
  if (user === undefined || avatarUrl === undefined || user.avatarUrl === avatarUrl) return;
  await tx.users.update({ ...user, avatarUrl, updatedAt: now }, user.version);
}
