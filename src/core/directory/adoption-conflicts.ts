/** The queue of doubtful matches: a pushed person who may be a member already stays outside until an admin has decided. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { AdoptionConflictId, DirectoryId, DirectoryUserId, OrganizationId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import { assertMayTouch, type Caller } from '../access/access.ts';
import { projectUsers } from '../access/role-projection.ts';
import { roleHeld } from '../access/role-table.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { AdoptionConflict, ConflictStatus } from '../entities/adoption.ts';
import type { DirectoryUser } from '../entities/directory.ts';
import type { Cause } from '../entities/journal.ts';
import type { Membership } from '../entities/people.ts';
import { record } from '../journal/audit.ts';
import { endMembership, getMembership, setMembershipStatus } from '../members/memberships.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { adoptMember, isAdoptable, NOT_ADOPTABLE } from './adoption.ts';

/** `adopt`: they are the same person. `separate`: two people. `reject`: the pushed one stays outside. */
export const CONFLICT_ACTIONS = ['adopt', 'separate', 'reject'] as const;
export type ConflictAction = (typeof CONFLICT_ACTIONS)[number];

const STATUS_AFTER: Readonly<Record<ConflictAction, ConflictStatus>> = {
  adopt: 'adopted',
  separate: 'separated',
  reject: 'rejected',
};

/** Both sides of a conflict as they are now. */
export interface ConflictView {
  readonly conflict: AdoptionConflict;
  readonly user: DirectoryUser | undefined;
  /** The membership the pushed person has until the conflict is settled, or has by it. */
  readonly membership: Membership | undefined;
  readonly candidate: Membership | undefined;
}

/** Notes the match of a person who has just been pushed, inside the transaction that suspended them. */
export async function openConflict(
  tx: Repositories,
  context: ChangeContext,
  found: {
    readonly user: DirectoryUser;
    readonly conflict: Pick<AdoptionConflict, 'candidateMembershipId' | 'reason'>;
  },
): Promise<void> {
  const { user, conflict } = found;
  const { organizationId, now } = context;
  const row: AdoptionConflict = {
    id: newId('acf', now),
    version: 1,
    organizationId,
    directoryId: user.directoryId,
    directoryUserId: user.id,
    ...conflict,
    status: 'open',
    createdAt: now,
    settledAt: null,
  };
  await tx.adoptionConflicts.insert(organizationId, row);
  await record(tx, context, {
    type: 'adoption_conflict.opened',
    target: { kind: 'adoption_conflict', id: row.id },
    details: { directoryUserId: user.id, membershipId: user.membershipId, ...conflict },
  });
}

/** True while a conflict keeps this pushed person outside: no push and no switch of a member's status lets them in. */
export async function isHeld(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  directoryUserId: DirectoryUserId,
): Promise<boolean> {
  const conflict = await from.adoptionConflicts.findByUser(organizationId, directoryUserId);
  return conflict?.status === 'open' || conflict?.status === 'rejected';
}

/** Looks up both sides of a conflict. */
export async function viewConflict(
  from: Queries | Repositories,
  conflict: AdoptionConflict,
): Promise<ConflictView> {
  const { organizationId, directoryId, directoryUserId, candidateMembershipId } = conflict;
  const user = await from.directoryUsers.find(organizationId, directoryId, directoryUserId);
  const membership = user && (await from.memberships.find(organizationId, user.membershipId));
  const candidate = await from.memberships.find(organizationId, candidateMembershipId);
  return { conflict, user, membership, candidate };
}

/** The conflict of this directory, or `not_found`. */
export async function getConflict(
  from: Queries | Repositories,
  place: { readonly organizationId: OrganizationId; readonly directoryId: DirectoryId },
  id: AdoptionConflictId,
): Promise<AdoptionConflict> {
  const conflict = await from.adoptionConflicts.find(place.organizationId, id);
  if (conflict?.directoryId === place.directoryId) return conflict;
  throw new GatehouseError('not_found', 'No such conflict.');
}

/**
 * Settles a conflict. A rejected one may be decided anew, an adopted or separated one is final (`version_conflict`).
 * `adopt` throws `forbidden` when the caller may not touch the member, `already_exists` when a directory holds the member
 * by now, `invalid` (field `action`) when the member has an account of their own at an address this organization has not
 * proved, `not_found` when the member is gone, `last_owner`. `separate` throws `seats_exhausted`.
 */
export async function resolveConflict(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: {
    readonly organizationId: OrganizationId;
    readonly directoryId: DirectoryId;
    readonly id: AdoptionConflictId;
    readonly action: ConflictAction;
    readonly caller: Caller;
    readonly cause: Cause;
  },
): Promise<ConflictView> {
  const { organizationId, cause, action, id } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const conflict = await getConflict(tx, input, id);
    if (conflict.status !== 'open' && conflict.status !== 'rejected') {
      throw new GatehouseError('version_conflict', `This conflict is settled: ${conflict.status}.`, {
        whatToDo: 'There is nothing left to decide here.',
      });
    }
    const parties = await pushedParty(tx, conflict);
    if (action === 'adopt') await adopt(tx, context, { ...parties, conflict, caller: input.caller });
    if (action === 'separate') await letIn(tx, context, parties);
    const settled = { ...conflict, status: STATUS_AFTER[action], settledAt: context.now };
    await tx.adoptionConflicts.update(organizationId, settled, conflict.version);
    await record(tx, context, {
      type: 'adoption_conflict.resolved',
      target: { kind: 'adoption_conflict', id },
      details: {
        action,
        directoryUserId: conflict.directoryUserId,
        candidateMembershipId: conflict.candidateMembershipId,
        reason: conflict.reason,
      },
    });
    return viewConflict(tx, { ...settled, version: conflict.version + 1 });
  });
}

interface Party {
  readonly user: DirectoryUser;
  readonly membership: Membership;
}

async function pushedParty(tx: Repositories, conflict: AdoptionConflict): Promise<Party> {
  const { user, membership } = await viewConflict(tx, conflict);
  if (user !== undefined && membership !== undefined) return { user, membership };
  throw new GatehouseError('not_found', 'The directory has removed this person.');
}

async function letIn(tx: Repositories, context: ChangeContext, { user, membership }: Party): Promise<void> {
  if (user.isActive) await setMembershipStatus(tx, context, { membership, status: 'active' });
}

/** Moves the directory user onto the member; the membership that kept their place ends, with the grants it was given. */
async function adopt(
  tx: Repositories,
  context: ChangeContext,
  subject: Party & { readonly conflict: AdoptionConflict; readonly caller: Caller },
): Promise<void> {
  const { user, membership: held, conflict, caller } = subject;
  const { organizationId } = context;
  const candidate = await getMembership(tx, organizationId, conflict.candidateMembershipId);
  assertMayTouch(caller, await roleHeld(tx, candidate.orgRole));
  await assertAdoptable(tx, candidate);
  const moved: DirectoryUser = { ...user, membershipId: candidate.id, userId: candidate.userId };
  await tx.directoryUsers.update(organizationId, moved, user.version);
  await endMembership(tx, context, { membership: held });
  await adoptMember(tx, context, { membership: candidate, name: held.name, isActive: user.isActive });
  await projectUsers(tx, context, { directoryId: user.directoryId, userIds: [user.id] });
}

async function assertAdoptable(tx: Repositories, candidate: Membership): Promise<void> {
  const { organizationId } = candidate;
  if ((await tx.directoryUsers.findByMembership(organizationId, candidate.id)) !== undefined) {
    throw new GatehouseError('already_exists', 'A directory holds this member already.', {
      field: 'action',
      whatToDo: 'Settle the conflict another way: this member belongs to a person of a directory.',
    });
  }
  if (await isAdoptable(tx, candidate)) return;
  throw new GatehouseError('invalid', NOT_ADOPTABLE, { field: 'action' });
}
