/** "Who am I here?": the session behind the cookie, as the product and the console ask for it; and going to another organization. */

import { z } from 'zod';
import { setupRequired } from '../../core/credentials/second-factor-policy.ts';
import type { Membership } from '../../core/entities/people.ts';
import { shownAddress } from '../../core/members/own-account.ts';
import { changeOwnProfile } from '../../core/members/own-profile.ts';
import { switchOrganization } from '../../core/sign-in/organization-switch.ts';
import { membershipsInReach } from '../../core/sign-in/own-sessions.ts';
import type { SignedIn } from '../../core/sign-in/sessions.ts';
import { findSignedIn } from '../../core/sign-in/sessions.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { setSessionCookie } from '../session-cookie.ts';
import { lineOf, nameField, pictureField } from './fields.ts';
import { wholeListOf } from './paging.ts';
import { isoTime } from './present.ts';
import type { ApiContext, ApiRoute } from './route.ts';
import { plainRoute } from './route.ts';
import { ownOrganizationShape, sessionShape } from './shapes.ts';

const tag = 'session';
const guard = { kind: 'session' } as const;

/** The guard has let nobody else through. */
export function whoIsSignedIn({ signedIn }: ApiContext): SignedIn {
  if (signedIn === undefined)
    throw new GatehouseError('unauthenticated', 'Sign in first.', {
      whatToDo: 'Sign in, then send the request with the session cookie.',
    });
  return signedIn;
}

/** E-mail and name are what the organization knows: a directory's people have no address of their own here. */
async function presentSession(
  { storage }: Pick<HttpDeps, 'storage'>,
  signedIn: SignedIn,
): Promise<z.infer<typeof sessionShape>> {
  const { user, organization, membership, session } = signedIn;
  const roles = await storage.teamMembers.listByMemberships(organization.id, [membership.id]);
  const names = new Map((await storage.teams.list(organization.id)).map(({ id, name }) => [id, name]));
  return {
    user: {
      ...{ id: user.id, email: shownAddress(signedIn), name: membership.name },
      ...(membership.avatarUrl === null ? {} : { avatarUrl: membership.avatarUrl }),
    },
    organization: { id: organization.id, slug: organization.slug },
    membershipId: membership.id,
    orgRole: membership.orgRole,
    teams: roles.map(({ teamId, role }) => ({ id: teamId, name: names.get(teamId) ?? '', role })),
    connectionId: session.connectionId,
    authenticatedAt: isoTime(session.authenticatedAt),
  };
}

async function presentOwnOrganization(
  { storage }: Pick<HttpDeps, 'storage'>,
  { organizationId, orgRole }: Membership,
  current: string,
): Promise<readonly z.infer<typeof ownOrganizationShape>[]> {
  const organization = await storage.organizations.find(organizationId);
  if (organization === undefined) return [];
  const { id, slug, name } = organization;
  return [{ id, slug, name, orgRole, isCurrent: id === current }];
}

async function goTo(context: ApiContext, reference: string): Promise<z.infer<typeof sessionShape>> {
  const { deps, cause, res } = context;
  const signedIn = whoIsSignedIn(context);
  const { id, slug } = signedIn.organization;
  if (reference === id || reference === slug) return presentSession(deps, signedIn);
  const { sessionToken } = await switchOrganization(deps, { signedIn, reference, cause });
  const entered = await findSignedIn(deps, sessionToken);
  // What it opened instead is good for setting up the second factor that is asked for there.
  if (entered === undefined) {
    setSessionCookie(res, sessionToken);
    throw setupRequired(deps);
  }
  setSessionCookie(res, sessionToken, entered.session.expiresAt - deps.clock());
  return presentSession(deps, entered);
}

const profileBody = z
  .strictObject({
    displayName: nameField.nullable().optional().describe('Null: the name of the account.'),
    avatarUrl: pictureField.nullable().optional().describe('https; never loaded by Gatehouse.'),
  })
  .refine((change) => Object.keys(change).length > 0, 'Say what to change.');

/** All routes of this resource. */
export const sessionRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'get',
    path: '/session',
    operationId: 'getSession',
    summary: 'Says who is signed in, in which organization and with which roles.',
    tag,
    guard: { kind: 'session', whoWaits: 'nobody' },
    status: 200,
    response: sessionShape,
    errors: [],
    handle: async (context) => presentSession(context.deps, whoIsSignedIn(context)),
  }),
  plainRoute({
    method: 'patch',
    path: '/session',
    operationId: 'changeOwnProfile',
    summary:
      'Changes the name and the picture that this organization and its products see of the signed-in person; null takes one away.',
    tag,
    guard,
    body: profileBody,
    status: 200,
    response: sessionShape,
    errors: ['not_found', 'role_from_directory', 'version_conflict'],
    handle: async (context, { body: change }) => {
      const { deps, cause } = context;
      const signedIn = whoIsSignedIn(context);
      const membership = await changeOwnProfile(deps, { signedIn, change, cause });
      return presentSession(deps, { ...signedIn, membership });
    },
  }),
  plainRoute({
    method: 'get',
    path: '/session/organizations',
    operationId: 'listOwnOrganizations',
    summary: 'Lists the organizations the signed-in person may switch to, this one included.',
    tag,
    guard,
    status: 200,
    response: wholeListOf(ownOrganizationShape),
    errors: [],
    handle: async (context) => {
      const { deps } = context;
      const signedIn = whoIsSignedIn(context);
      const memberships = await membershipsInReach(deps.storage, signedIn);
      const current = signedIn.organization.id;
      const items = await Promise.all(
        memberships.map((membership) => presentOwnOrganization(deps, membership, current)),
      );
      return { items: items.flat(), nextCursor: null };
    },
  }),
  plainRoute({
    method: 'post',
    path: '/session/organization',
    operationId: 'switchOrganization',
    summary:
      'Goes to another organization of the signed-in person, by id or slug: a new session there in place of this one. Where it asks for a sign-in of its own, `url` says where.',
    tag,
    guard,
    body: z.strictObject({ organization: lineOf(100) }),
    status: 200,
    response: sessionShape,
    errors: ['not_found', 'sso_required', 'second_factor_setup_required', 'version_conflict'],
    handle: (context, { body }) => goTo(context, body.organization),
  }),
];
