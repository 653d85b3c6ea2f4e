/** "Who am I here?": the session behind the cookie, as the product and the console ask for it. */
import type { z } from 'zod';
import type { SignedIn } from '../../core/sessions.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { isoTime } from './present.ts';
import type { ApiRoute } from './route.ts';
import { plainRoute } from './route.ts';
import { sessionShape } from './shapes.ts';

/** E-mail and name are what the organization knows: a directory's people have no address of their own here. */
async function presentSession(
  { storage }: Pick<HttpDeps, 'storage'>,
  { user, organization, membership, session }: SignedIn,
): Promise<z.infer<typeof sessionShape>> {
  const roles = await storage.teamMembers.listByMemberships(organization.id, [membership.id]);
  const names = new Map((await storage.teams.list(organization.id)).map(({ id, name }) => [id, name]));
  return {
    user: { id: user.id, email: membership.email ?? user.email, name: membership.name },
    organization: { id: organization.id, slug: organization.slug },
    membershipId: membership.id,
    orgRole: membership.orgRole,
    teams: roles.map(({ teamId, role }) => ({ id: teamId, name: names.get(teamId) ?? '', role })),
    connectionId: session.connectionId,
    authenticatedAt: isoTime(session.authenticatedAt),
  };
}

/** All routes of this resource. */
export const sessionRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'get',
    path: '/session',
    operationId: 'getSession',
    summary: 'Says who is signed in, in which organization and with which roles.',
    tag: 'session',
    guard: { kind: 'session' },
    status: 200,
    response: sessionShape,
    errors: [],
    handle: async ({ deps, signedIn }) => {
      if (signedIn === undefined) throw new GatehouseError('unauthenticated', 'Sign in first.');
      return presentSession(deps, signedIn);
    },
  }),
];
