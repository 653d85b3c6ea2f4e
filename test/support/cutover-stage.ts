/** A live organization with people in it, and a shadow directory beside them that is about to be switched on. */

import { syncGrants } from '../../src/core/access/grants.ts';
import type { OrgRole } from '../../src/core/access/roles.ts';
import { addDomain } from '../../src/core/connections/domains.ts';
import type { ChangeContext } from '../../src/core/deps.ts';
import { createDirectory, createDirectoryToken } from '../../src/core/directory/directories.ts';
import type { AdoptionPolicy } from '../../src/core/entities/directory.ts';
import type { Organization } from '../../src/core/entities/organization.ts';
import type { Membership, MembershipStatus, User } from '../../src/core/entities/people.ts';
import { getMembership, insertMembership, setMembershipStatus } from '../../src/core/members/memberships.ts';
import type { OrganizationInput } from '../../src/core/organization/organizations.ts';
import type { Repositories } from '../../src/core/ports/storage.ts';
import { newSessionToken, startSession } from '../../src/core/sign-in/sessions.ts';
import { foldKey } from '../../src/kernel/text.ts';
import { aUser } from './builders.ts';
import { type DirectoryApi, directoryApi } from './directory-api.ts';
import { type TestGateway, testCause } from './gateway.ts';
import { type ScimWorld, worldOf } from './scim-suite.ts';

export interface CutoverStage {
  readonly organization: Organization;
  readonly shadow: ScimWorld;
  readonly api: DirectoryApi;
  /** A member by hand, with an account of their own. */
  addMember(email: string, wishes?: { role?: OrgRole; status?: MembershipStatus }): Promise<Membership>;
  /** Pushes somebody with this address; answers the SCIM id. */
  push(email: string, wishes?: { active?: boolean; name?: string }): Promise<string>;
  /** A browser session of the member; answers whether it still opens something. */
  signIn(membership: Membership): Promise<() => Promise<boolean>>;
  memberOf(email: string): Promise<Membership | undefined>;
}

/** `acme.example` is proved; other domains are not. */
export async function cutoverStage(
  gateway: TestGateway,
  wishes: { readonly plan?: OrganizationInput['plan']; readonly adoption?: AdoptionPolicy } = {},
): Promise<CutoverStage> {
  const { deps, storage } = gateway;
  const organization = await gateway.createOrganization(
    wishes.plan === undefined ? {} : { plan: wishes.plan },
  );
  const organizationId = organization.id;
  const place = { organizationId, cause: testCause };
  const domain = `${organization.slug}.example`;
  await addDomain(deps, { ...place, domain, vouched: true });
  const { adoption } = wishes;
  const shape = { kind: 'okta', status: 'draft', shadow: true, adoption } as const;
  const directory = await createDirectory(deps, { ...place, ...shape });
  const directoryId = directory.id;
  const { token } = await createDirectoryToken(deps, { ...place, directoryId, name: 'shadow' });
  const at = { directory, organizationId, directoryId, token, scimPath: `/scim/v2/${directoryId}` };
  const shadow = worldOf(gateway, at);
  return {
    organization,
    shadow,
    api: directoryApi(gateway, at),
    addMember: (email, member = {}) => addMember(gateway, organization, { email, ...member }),
    push: (email, { active = true, name = 'Pushed' } = {}) => {
      gateway.clock.advance(1);
      const emails = [{ value: email, primary: true }];
      return shadow.addUser({ userName: email, externalId: email, emails, active, displayName: name });
    },
    signIn: (membership) => signIn(gateway, membership),
    memberOf: async (email) => (await storage.memberships.listByEmail(organizationId, foldKey(email))).at(-1),
  };
}

async function addMember(
  { deps, storage, clock }: TestGateway,
  { id: organizationId }: Organization,
  wishes: { readonly email: string; readonly role?: OrgRole; readonly status?: MembershipStatus },
): Promise<Membership> {
  const { email, role = 'member', status = 'active' } = wishes;
  const emailKey = foldKey(email);
  clock.advance(1);
  const user = aUser({ email, emailKey, emailVerifiedAt: null, passwordHash: null });
  const context = { organizationId, cause: testCause, now: deps.clock() };
  const rules = { conflictPolicy: 'highest', defaultRole: 'member' } as const;
  return storage.transact(async (tx) => {
    const membership = await insertByHand(tx, context, user);
    const source = { kind: 'manual', actor: 'operator' } as const;
    const wanted = role === 'member' ? [] : [{ scope: { kind: 'org', role } as const, source, rank: 0 }];
    const next = await syncGrants(tx, context, { membership, owns: () => false, wanted, rules });
    return setMembershipStatus(tx, context, { membership: next, status });
  });
}

async function insertByHand(tx: Repositories, context: ChangeContext, user: User): Promise<Membership> {
  await tx.users.insert(user);
  const { email, emailKey, name } = user;
  const known = { email, emailKey, name, status: 'active', source: 'manual' } as const;
  return insertMembership(tx, context, { user, ...known, defaultRole: 'member' });
}

/** Members by hand in one transaction: they are what makes an organization large. */
export async function addManyMembers(
  { deps, storage }: TestGateway,
  { id: organizationId, slug }: Organization,
  count: number,
): Promise<void> {
  const context = { organizationId, cause: testCause, now: deps.clock() };
  await storage.transact(async (tx) => {
    for (let index = 0; index < count; index += 1) {
      const email = `many${index}@${slug}-many.example`;
      const user = aUser({ email, emailKey: email, emailVerifiedAt: null, passwordHash: null });
      await insertByHand(tx, context, user);
    }
  });
}

async function signIn(
  { deps, storage, request }: TestGateway,
  { organizationId, id }: Membership,
): Promise<() => Promise<boolean>> {
  const token = newSessionToken();
  const context = { organizationId, cause: testCause, now: deps.clock() };
  const tokenHash = deps.hashToken(token);
  const authentication = { connectionId: null, amr: ['pwd'] };
  await storage.transact(async (tx) => {
    const membership = await getMembership(tx, organizationId, id);
    await startSession(tx, context, { membership, tokenHash, authentication });
  });
  const cookie = `__Host-gatehouse-session=${token}`;
  return async () => (await request().get('/api/v1/session').set('Cookie', cookie)).status === 200;
}
