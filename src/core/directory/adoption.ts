/** Who a pushed person is: somebody who comes back, a member the directory takes over, a doubtful match, or somebody new. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import { ranksOf } from '../access/role-table.ts';
import { ORG_ROLE_RANKS, type OrgRole } from '../access/roles.ts';
import { isProvedAddress } from '../connections/domains.ts';
import type { ChangeContext } from '../deps.ts';
import type { AdoptionConflict, ConflictReason, RemovedUser } from '../entities/adoption.ts';
import type { AdoptionPolicy, Directory } from '../entities/directory.ts';
import type { Membership, MembershipStatus } from '../entities/people.ts';
import { record } from '../journal/audit.ts';
import { insertMembership, setMembershipStatus, updateMembership } from '../members/memberships.ts';
import { insertUpstreamPerson } from '../members/users.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { type DirectoryUserInput, profileOf } from './pushed-user.ts';
import { findReturning } from './removed-users.ts';

/** What a membership takes from a pushed person. */
export type PersonFacts = Pick<DirectoryUserInput, 'personName' | 'primaryEmail' | 'isActive'>;

/** What is known of a member who has the address of a pushed person. */
export interface CandidateFacts {
  /** Whether this organization has proved the domain of that address. */
  readonly isProved: boolean;
  /** Whether they sign in with an address of their own in no domain it has proved (`hasAccountElsewhere`). */
  readonly isElsewhere: boolean;
}

interface Candidate extends CandidateFacts {
  readonly membership: Membership;
}

/** What becomes of a pushed person whose address a member has. */
export type AdoptionDecision = 'add' | 'adopt' | 'queue' | 'reject';

/**
 * Pure: what the policy says about a candidate, or about nobody. An address outside the proved domains adopts nobody and
 * refuses nobody (S119): whoever administers a directory may write any address into it. An account of their own reaches
 * further than this organization (law 3): an admin confirms that it is the same person.
 */
export function decideAdoption(
  policy: AdoptionPolicy,
  candidate: CandidateFacts | undefined,
): AdoptionDecision {
  if (candidate === undefined) return 'add';
  if (policy === 'queue') return 'queue';
  if (!candidate.isProved) return 'add';
  return policy === 'adopt' && candidate.isElsewhere ? 'queue' : policy;
}

/** Pure: what is said of a candidate in the queue and in the report of a cut-over. */
export function reasonOf({ isProved, isElsewhere }: CandidateFacts): ConflictReason {
  if (!isProved) return 'unproved_address';
  return isElsewhere ? 'own_account' : 'proved_address';
}

/** Whether the person signs in with an address of their own in no domain this organization has proved. */
export async function hasAccountElsewhere(
  from: Queries | Repositories,
  { organizationId, userId }: Pick<Membership, 'organizationId' | 'userId'>,
): Promise<boolean> {
  const email = (await from.users.find(userId))?.email ?? null;
  return email !== null && !(await isProvedAddress(from, organizationId, email));
}

/**
 * Whether an admin may say that a pushed person is this member. Somebody known only here is this organization's to decide
 * about; an account of their own reaches further (law 3), unless their address is in a proved domain.
 */
export async function isAdoptable(
  from: Queries | Repositories,
  { organizationId, userId, email }: Pick<Membership, 'organizationId' | 'userId' | 'email'>,
): Promise<boolean> {
  const person = await from.users.find(userId);
  if (person?.emailKey === null) return true;
  return email !== null && (await isProvedAddress(from, organizationId, email));
}

/** Why not. */
export const NOT_ADOPTABLE =
  'This member has an account of their own, at an address in no domain this organization has proved. Prove the domain first, or keep the two apart.';

/** Where a pushed person has found their place. */
export interface Reception {
  readonly membership: Membership;
  /** The match that an admin has to judge; until then the membership is suspended. */
  readonly conflict?: Pick<AdoptionConflict, 'candidateMembershipId' | 'reason'> | undefined;
  /** Set for somebody the directory had removed. */
  readonly returned?: RemovedUser | undefined;
}

/**
 * Gives a pushed person their membership in this organization; people of other organizations are never touched (S117).
 * Throws `already_exists` (field `emails`) when the policy rejects the match, `seats_exhausted`.
 */
export async function receivePerson(
  tx: Repositories,
  context: ChangeContext,
  pushed: { readonly directory: Directory; readonly user: DirectoryUserInput },
): Promise<Reception> {
  const { directory, user } = pushed;
  const returned = await findReturning(tx, context, { directoryId: directory.id, user });
  if (returned !== undefined) {
    return { membership: await reviveMember(tx, context, { returned, user }), returned };
  }
  const candidate = await findCandidate(tx, context.organizationId, user);
  const decision = decideAdoption(directory.adoption, candidate);
  if (candidate === undefined || decision === 'add') {
    return { membership: await addMember(tx, context, { user, status: statusOf(user) }) };
  }
  switch (decision) {
    case 'reject':
      throw new GatehouseError(
        'already_exists',
        'A member with this e-mail address exists, and this directory does not adopt members.',
        { field: 'emails' },
      );
    case 'adopt':
      return { membership: await adoptMember(tx, context, { ...candidate, ...pushedState(user) }) };
    case 'queue': {
      const membership = await addMember(tx, context, { user, status: 'suspended' });
      const reason = reasonOf(candidate);
      return { membership, conflict: { candidateMembershipId: candidate.membership.id, reason } };
    }
  }
}

const statusOf = (user: PersonFacts): MembershipStatus => (user.isActive ? 'active' : 'suspended');
const pushedState = ({ personName: name, isActive }: DirectoryUserInput) => ({ name, isActive });

/** The oldest member with the address whom no directory holds yet; one in a proved domain is proved for all of them. */
async function findCandidate(
  tx: Repositories,
  organizationId: OrganizationId,
  user: DirectoryUserInput,
): Promise<Candidate | undefined> {
  if (user.primaryEmail === null) return undefined;
  for (const membership of await tx.memberships.listByEmail(organizationId, foldKey(user.primaryEmail))) {
    if ((await tx.directoryUsers.findByMembership(organizationId, membership.id)) !== undefined) continue;
    const isProved = await isProvedAddress(tx, organizationId, user.primaryEmail);
    return { membership, isProved, isElsewhere: await hasAccountElsewhere(tx, membership) };
  }
  return undefined;
}

/**
 * Puts a member under the directory: name and source of this membership change, sign-in address and password of the
 * person do not. An inactive push suspends; an active one does not bring back whom an admin suspended.
 */
export async function adoptMember(
  tx: Repositories,
  context: ChangeContext,
  subject: { readonly membership: Membership; readonly name: string; readonly isActive: boolean },
): Promise<Membership> {
  const { membership, name, isActive } = subject;
  const after: Membership = { ...membership, name, source: 'directory', updatedAt: context.now };
  const adopted = await updateMembership(tx, context, { before: membership, after });
  await record(tx, context, {
    type: 'member.updated',
    target: { kind: 'membership', id: membership.id },
    details: { adoptedByDirectory: true },
  });
  return isActive ? adopted : setMembershipStatus(tx, context, { membership: adopted, status: 'suspended' });
}

/** Adds somebody new under the directory. Throws `seats_exhausted`. */
export async function addMember(
  tx: Repositories,
  context: ChangeContext,
  input: { readonly user: PersonFacts; readonly status: MembershipStatus },
): Promise<Membership> {
  const { user, status } = input;
  const organization = await getOrganization(tx, context.organizationId);
  const person = await insertUpstreamPerson(tx, context, {
    id: newId('usr', context.now),
    name: user.personName,
  });
  return insertMembership(tx, context, {
    user: person,
    ...profileOf(user),
    status,
    source: 'directory',
    defaultRole: organization.defaultRole,
    organization,
  });
}

/**
 * Brings the same person back under the same membership id, with nothing of what they held: sessions, identities and
 * grants ended with the removal, and the default role is no more than member (S144, R26).
 */
export async function reviveMember(
  tx: Repositories,
  context: ChangeContext,
  subject: { readonly returned: RemovedUser; readonly user: PersonFacts },
): Promise<Membership> {
  const { returned, user } = subject;
  await tx.removedUsers.consume(context.organizationId, returned.directoryId, returned.id);
  const organization = await getOrganization(tx, context.organizationId);
  const person =
    (await tx.users.find(returned.userId)) ??
    (await insertUpstreamPerson(tx, context, { id: returned.userId, name: user.personName }));
  return insertMembership(tx, context, {
    id: returned.membershipId,
    user: person,
    ...profileOf(user),
    status: returned.isSuspended ? 'suspended' : statusOf(user),
    source: 'directory',
    defaultRole: await atMostMember(tx, organization.defaultRole),
    organization,
  });
}

/** Whoever comes back is no admin by default (S144). */
export async function atMostMember(from: Queries | Repositories, role: OrgRole): Promise<OrgRole> {
  const rank = (await ranksOf(from, [role]))(role) ?? 0;
  return rank > ORG_ROLE_RANKS.member ? 'member' : role;
}
