/** Shorthands over the use cases, for tests that need an organization with people, a directory or a connection in it. */
import type { Caller } from '../../src/core/access/access.ts';
import { syncGrants } from '../../src/core/access/grants.ts';
import { factsIn } from '../../src/core/access/role-table.ts';
import type { OrgRole } from '../../src/core/access/roles.ts';
import { createConnection } from '../../src/core/connections/connections.ts';
import { addDomain } from '../../src/core/connections/domains.ts';
import { createDirectory } from '../../src/core/directory/directories.ts';
import { changeDirectoryGroup, createDirectoryGroup } from '../../src/core/directory/directory-groups.ts';
import {
  changeDirectoryUser,
  provisionUser,
  removeDirectoryUser,
} from '../../src/core/directory/directory-users.ts';
import type { GroupMemberChange } from '../../src/core/directory/group-members.ts';
import type { DirectoryUserInput } from '../../src/core/directory/pushed-user.ts';
import type { Connection } from '../../src/core/entities/connection.ts';
import type {
  AdoptionPolicy,
  Directory,
  DirectoryGroup,
  DirectoryUser,
} from '../../src/core/entities/directory.ts';
import type { Organization } from '../../src/core/entities/organization.ts';
import type { Membership } from '../../src/core/entities/people.ts';
import { insertMembership } from '../../src/core/members/memberships.ts';
import type { OrganizationChange } from '../../src/core/organization/organization-settings.ts';
import { createOrganization, updateOrganization } from '../../src/core/organization/organizations.ts';
import type { PlanChoice } from '../../src/core/organization/plans.ts';
import type { SignInAnswer } from '../../src/core/sign-in/pending-sign-ins.ts';
import type { CompletedSignIn } from '../../src/core/sign-in/sign-ins.ts';
import { beginSignIn, completeSignIn } from '../../src/core/sign-in/sign-ins.ts';
import type { UpstreamIdentity } from '../../src/core/sign-in/upstream-identity.ts';
import type { MembershipId, OrganizationId } from '../../src/kernel/ids.ts';
import { foldKey } from '../../src/kernel/text.ts';
import { aUser, nextText, samlSettings, upstreamSession } from './builders.ts';
import type { CoreWorld } from './core-world.ts';
import { causeOf, OPERATOR } from './core-world.ts';
import { BUILT_IN_ROLES } from './org-roles.ts';

export const PASSWORD = 'a sentence nobody guesses';

/** A manual organization of the enterprise plan unless said otherwise. */
export async function newOrganization(
  { deps }: CoreWorld,
  wishes: OrganizationChange & { readonly plan?: PlanChoice } = {},
): Promise<Organization> {
  const { plan, ...change } = wishes;
  const organization = await createOrganization(deps, {
    cause: OPERATOR,
    organization: { name: wishes.name ?? nextText('Acme'), ...(plan === undefined ? {} : { plan }) },
  });
  if (Object.keys(change).length === 0) return organization;
  return updateOrganization(deps, {
    organizationId: organization.id,
    caller: { kind: 'operator' },
    cause: OPERATOR,
    change,
  });
}

export interface PersonWishes {
  readonly role?: OrgRole;
  readonly email?: string;
  readonly password?: string;
  readonly status?: Membership['status'];
  /** False: somebody without a sign-in address of their own. */
  readonly hasAccount?: boolean;
}

/** A member put in by hand, with a manual grant of the role. */
export async function newMember(
  { deps }: CoreWorld,
  organizationId: OrganizationId,
  wishes: PersonWishes = {},
): Promise<Membership> {
  const email = wishes.email ?? `${nextText('person')}@example.com`;
  const own = wishes.hasAccount === false ? null : email;
  const user = aUser({
    email: own,
    emailKey: own === null ? null : foldKey(own),
    emailVerifiedAt: null,
    passwordHash: wishes.password === undefined ? null : `hash of ${wishes.password}`,
  });
  return deps.storage.transact(async (tx) => {
    const context = { organizationId, cause: OPERATOR, now: deps.clock() };
    const rules = { conflictPolicy: 'highest', defaultRole: 'member' } as const;
    await tx.users.insert(user);
    const membership = await insertMembership(tx, context, {
      user,
      email,
      emailKey: foldKey(email),
      name: user.name,
      status: wishes.status ?? 'active',
      source: 'manual',
      defaultRole: 'member',
    });
    if (wishes.role === undefined) return membership;
    const source = { kind: 'manual', actor: 'operator' } as const;
    return syncGrants(tx, context, {
      membership,
      owns: () => false,
      wanted: [{ scope: { kind: 'org', role: wishes.role }, source, rank: 0 }],
      rules,
    });
  });
}

/** The caller that this member is when asking through the management API. */
export const callerOf = (membership: Membership): Extract<Caller, { kind: 'member' }> => ({
  kind: 'member',
  organizationId: membership.organizationId,
  membershipId: membership.id,
  userId: membership.userId,
  email: membership.email,
  role: factsIn(BUILT_IN_ROLES, membership.orgRole),
});

export const causeOfMember = (membership: Membership) =>
  causeOf({
    kind: 'member',
    userId: membership.userId,
    membershipId: membership.id,
    email: membership.email,
  });

export const newDirectory = (
  { deps }: CoreWorld,
  organizationId: OrganizationId,
  adoption: AdoptionPolicy = 'adopt',
): Promise<Directory> => createDirectory(deps, { organizationId, cause: OPERATOR, kind: 'okta', adoption });

/** The cause of a push: the directory itself. */
const pushCause = (directory: Directory) =>
  causeOf({ kind: 'directory', directoryId: directory.id, tokenId: 'dtk_1', tokenName: 'push' });

/** A person as pushed; `email` absent: none is pushed. */
export function aPush(
  wishes: Partial<DirectoryUserInput> & { readonly email?: string } = {},
): DirectoryUserInput {
  const { email, ...rest } = wishes;
  return {
    userName: nextText('ada'),
    externalId: null,
    isActive: true,
    displayName: null,
    emails: email === undefined ? [] : [email],
    primaryEmail: email ?? null,
    personName: 'Ada Pushed',
    attributes: {},
    ...rest,
  };
}

const placeOf = (directory: Directory) => ({
  organizationId: directory.organizationId,
  directoryId: directory.id,
  cause: pushCause(directory),
});

export const pushUser = (
  { deps }: CoreWorld,
  directory: Directory,
  wishes: Parameters<typeof aPush>[0] = {},
): Promise<DirectoryUser> => provisionUser(deps, { ...placeOf(directory), directory, user: aPush(wishes) });

/** Pushes the person again as stored, with these differences. */
export const repushUser = (
  { deps }: CoreWorld,
  directory: Directory,
  change: Partial<DirectoryUserInput> & Pick<DirectoryUser, 'id'>,
): Promise<DirectoryUser> => {
  const { id, ...differences } = change;
  return changeDirectoryUser(deps, {
    ...placeOf(directory),
    id,
    change: (current) => ({
      ...aPush({ emails: current.emailKeys, primaryEmail: current.emailKeys[0] ?? null }),
      userName: current.userName,
      externalId: current.externalId,
      isActive: current.isActive,
      ...differences,
    }),
  });
};

export const dropUser = (
  { deps }: CoreWorld,
  directory: Directory,
  user: Pick<DirectoryUser, 'id'>,
): Promise<void> => removeDirectoryUser(deps, { ...placeOf(directory), id: user.id });

export const pushGroup = (
  { deps }: CoreWorld,
  directory: Directory,
  group: { readonly name: string; readonly memberIds?: readonly string[] },
): Promise<DirectoryGroup> =>
  createDirectoryGroup(deps, {
    ...placeOf(directory),
    group: { displayName: group.name, externalId: null, attributes: {} },
    memberIds: group.memberIds ?? [],
  });

export const repushGroup = (
  { deps }: CoreWorld,
  directory: Directory,
  change: {
    readonly id: DirectoryGroup['id'];
    readonly name?: string;
    readonly members?: readonly GroupMemberChange[];
  },
): Promise<DirectoryGroup> =>
  changeDirectoryGroup(deps, {
    ...placeOf(directory),
    id: change.id,
    change: () => ({
      group:
        change.name === undefined
          ? undefined
          : { displayName: change.name, externalId: null, attributes: {} },
      memberChanges: change.members ?? [],
    }),
  });

/** A domain that the operator vouches for. */
export const proveDomain = ({ deps }: CoreWorld, organizationId: OrganizationId, domain: string) =>
  addDomain(deps, { organizationId, cause: OPERATOR, domain, vouched: true });

export const newConnection = (
  { deps }: CoreWorld,
  organizationId: OrganizationId,
  wishes: Partial<Pick<Connection, 'jit' | 'status' | 'settings' | 'idpInitiated'>> = {},
): Promise<Connection> =>
  createConnection(deps, {
    organizationId,
    cause: OPERATOR,
    connection: {
      name: 'Company sign-in',
      status: 'active',
      preset: null,
      settings: samlSettings(),
      jit: false,
      idpInitiated: false,
      attributes: {},
      userNameClaim: null,
      ...wishes,
    },
  });

/** What the identity provider says about somebody it knows by `subject`. */
export const anUpstream = (
  connection: Connection,
  wishes: Partial<UpstreamIdentity> & { readonly subject: string },
): UpstreamIdentity => ({
  connectionId: connection.id,
  protocol: 'saml',
  issuer: 'https://idp.example.com/entity',
  externalIds: [wishes.subject],
  userName: null,
  email: null,
  isEmailVerified: false,
  name: null,
  claims: new Map(),
  amr: [],
  authTime: null,
  session: upstreamSession(),
  sessionNotOnOrAfter: null,
  ...wishes,
});

/** Begins a sign-in; answers what the browser would bring back. */
export async function begin({ deps }: CoreWorld, connection: Connection): Promise<SignInAnswer> {
  const begun = await beginSignIn(deps, {
    connection,
    requestId: '_request',
    nonce: 'nonce',
    codeVerifier: null,
    returnTo: '/home',
  });
  return { connection, handle: begun.handle, binding: begun.binding };
}

/** A whole single sign-on of this identity, from begin to session. */
export async function signIn(
  world: CoreWorld,
  connection: Connection,
  identity: UpstreamIdentity,
): Promise<CompletedSignIn> {
  const answer = await begin(world, connection);
  return finish(world, answer, identity);
}

export const finish = (world: CoreWorld, answer: SignInAnswer, identity: UpstreamIdentity) =>
  completeSignIn(world.deps, {
    ...answer,
    identity,
    cause: causeOf({ kind: 'connection', connectionId: answer.connection.id }),
  });

export async function membershipOf(
  { deps }: CoreWorld,
  organizationId: OrganizationId,
  id: MembershipId,
): Promise<Membership> {
  const membership = await deps.storage.memberships.find(organizationId, id);
  if (membership === undefined) throw new Error(`no membership ${id}`);
  return membership;
}
