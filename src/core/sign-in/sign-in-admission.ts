/** Loads the facts of a sign-in, asks the decision, and does what it says, inside the caller's transaction. */
import { newId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import { isProvedAddress } from '../connections/domains.ts';
import type { ChangeContext } from '../deps.ts';
import type { Connection } from '../entities/connection.ts';
import type { DirectoryUser } from '../entities/directory.ts';
import { invitationStatus } from '../entities/invitation.ts';
import type { Organization } from '../entities/organization.ts';
import type { Membership, MembershipSource } from '../entities/people.ts';
import type { EntryOutcome } from '../entities/sign-in-attempt.ts';
import { settleInvitation } from '../joining/invitation-settlement.ts';
import { insertMembership } from '../members/memberships.ts';
import { insertUpstreamPerson } from '../members/users.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Repositories } from '../ports/storage.ts';
import { signInRefusal } from './refused-sign-ins.ts';
import type { Person, SignInDecision, SignInFacts } from './sign-in-decision.ts';
import { decideSignIn } from './sign-in-decision.ts';
import type { UpstreamIdentity } from './upstream-identity.ts';

/** Who wants in, through which connection. */
export interface Admission {
  readonly connection: Connection;
  readonly identity: UpstreamIdentity;
}

/** The membership that may come in, and how. */
export interface Admitted {
  readonly membership: Membership;
  /** As this transaction found it. */
  readonly organization: Organization;
  readonly kind: EntryOutcome['kind'];
}

/** Answers the membership that may come in, bound to this identity. Throws `sign_in_refused` with the exact reason. */
export async function admit(
  tx: Repositories,
  context: ChangeContext,
  admission: Admission,
): Promise<Admitted> {
  const { decision, organization } = await judge(tx, context, admission);
  switch (decision.kind) {
    case 'refuse':
      throw signInRefusal(decision.reason);
    case 'enter':
      if (decision.bind)
        await bindIdentity(tx, context, { ...admission, membership: decision.person.membership });
      return { membership: decision.person.membership, organization, kind: 'enter' };
    case 'join':
      return {
        membership: await addPerson(tx, context, { ...admission, organization, source: 'sso' }),
        organization,
        kind: 'join',
      };
    case 'accept_invitation': {
      const membership = await addPerson(tx, context, { ...admission, organization, source: 'invitation' });
      const { invitation } = decision;
      return {
        membership: await settleInvitation(tx, context, { invitation, membership }),
        organization,
        kind: 'accept_invitation',
      };
    }
  }
}

/** What a sign-in of this identity would do now; changes nothing. */
export async function judge(
  tx: Repositories,
  context: ChangeContext,
  admission: Admission,
): Promise<{
  readonly decision: SignInDecision;
  readonly facts: SignInFacts;
  readonly organization: Organization;
}> {
  const organization = await getOrganization(tx, context.organizationId);
  const facts = await loadFacts(tx, context, { ...admission, organization });
  return { decision: decideSignIn(facts), facts, organization };
}

/** Nothing more is asked about a stranger who could be meant once the identity is bound to somebody: that alone decides. */
async function loadFacts(
  tx: Repositories,
  context: ChangeContext,
  input: Admission & { readonly organization: Organization },
): Promise<SignInFacts> {
  const { connection, organization } = input;
  const bound = await findBound(tx, context, input);
  return {
    provisioning: organization.provisioning,
    bound,
    jit: connection.jit,
    ...(bound === undefined ? await loadCandidates(tx, context, input) : NO_CANDIDATES),
  };
}

const NO_ADDRESS = {
  isAddressVerified: false,
  isDomainProved: false,
  invitation: undefined,
  isAddressTaken: false,
};

const NO_CANDIDATES = {
  byExternalId: [],
  byUserName: [],
  isBoundToAnother: () => false,
  ...NO_ADDRESS,
};

async function loadCandidates(
  tx: Repositories,
  context: ChangeContext,
  { connection, identity }: Admission,
): Promise<Omit<SignInFacts, 'provisioning' | 'bound' | 'jit'>> {
  const byExternalId = await findPushed(tx, context, { key: 'externalId', values: identity.externalIds });
  const userNames = identity.userName === null ? [] : [identity.userName];
  const byUserName = await findPushed(tx, context, { key: 'userName', values: userNames });
  const boundElsewhere = new Set<string>();
  for (const person of [...byExternalId, ...byUserName]) {
    const other = await tx.identities.findByMembership(
      context.organizationId,
      connection.id,
      person.membership.id,
    );
    if (other !== undefined) boundElsewhere.add(person.membership.id);
  }
  return {
    byExternalId,
    byUserName,
    isBoundToAnother: (person) => boundElsewhere.has(person.membership.id),
    ...(await loadAddressFacts(tx, context, identity)),
  };
}

async function findBound(
  tx: Repositories,
  context: ChangeContext,
  { connection, identity }: Admission,
): Promise<Person | undefined> {
  const { organizationId } = context;
  const known = await tx.identities.find(organizationId, connection.id, identity.issuer, identity.subject);
  if (known === undefined) return undefined;
  const membership = await tx.memberships.find(organizationId, known.membershipId);
  if (membership === undefined) return undefined;
  const directoryUser = await tx.directoryUsers.findHold(organizationId, membership.id);
  return { membership, directoryUser };
}

async function findPushed(
  tx: Repositories,
  context: ChangeContext,
  { key, values }: { readonly key: 'externalId' | 'userName'; readonly values: readonly string[] },
): Promise<readonly Person[]> {
  const { organizationId } = context;
  const found = new Map<string, DirectoryUser>();
  for (const value of values) {
    const users =
      key === 'externalId'
        ? await tx.directoryUsers.listByExternalId(organizationId, value)
        : await tx.directoryUsers.listByUserName(organizationId, foldKey(value));
    for (const user of users) found.set(user.id, user);
  }
  const people: Person[] = [];
  for (const directoryUser of found.values()) {
    const membership = await tx.memberships.find(organizationId, directoryUser.membershipId);
    if (membership !== undefined) people.push({ membership, directoryUser });
  }
  return people;
}

async function loadAddressFacts(
  tx: Repositories,
  context: ChangeContext,
  identity: UpstreamIdentity,
): Promise<Pick<SignInFacts, 'isAddressVerified' | 'isDomainProved' | 'invitation' | 'isAddressTaken'>> {
  const { organizationId, now } = context;
  if (identity.email === null) {
    return NO_ADDRESS;
  }
  const emailKey = foldKey(identity.email);
  const isDomainProved = await isProvedAddress(tx, organizationId, identity.email);
  const pending = await tx.invitations.findPendingByEmail(organizationId, emailKey);
  const owner = await tx.users.findByEmail(emailKey);
  const members = await tx.memberships.listByEmail(organizationId, emailKey);
  return {
    isAddressVerified: identity.isEmailVerified || isDomainProved,
    isDomainProved,
    invitation: pending !== undefined && invitationStatus(pending, now) === 'pending' ? pending : undefined,
    isAddressTaken: owner !== undefined || members.length > 0,
  };
}

async function addPerson(
  tx: Repositories,
  context: ChangeContext,
  input: Admission & { readonly organization: Organization; readonly source: MembershipSource },
): Promise<Membership> {
  const { identity, organization, source } = input;
  const name = identity.name ?? identity.email ?? identity.subject;
  const user = await insertUpstreamPerson(tx, context, { id: newId('usr', context.now), name });
  const membership = await insertMembership(tx, context, {
    user,
    email: identity.email,
    emailKey: identity.email === null ? null : foldKey(identity.email),
    name,
    status: 'active',
    source,
    defaultRole: organization.defaultRole,
  });
  await bindIdentity(tx, context, { ...input, membership });
  return membership;
}

/** From now on this identity is this member at this connection (law 2). Throws `already_exists` when either is taken. */
export async function bindIdentity(
  tx: Repositories,
  context: ChangeContext,
  input: {
    readonly connection: Connection;
    readonly identity: Pick<UpstreamIdentity, 'issuer' | 'subject'>;
    readonly membership: Membership;
  },
): Promise<void> {
  const { connection, identity, membership } = input;
  await tx.identities.insert(context.organizationId, {
    organizationId: context.organizationId,
    connectionId: connection.id,
    issuer: identity.issuer,
    subject: identity.subject,
    userId: membership.userId,
    membershipId: membership.id,
    createdAt: context.now,
  });
}
