/** What tests do about the people behind a directory: look at them, sign them in, make them owner. */
import type { Membership } from '../../src/core/entities/people.ts';
import { changeMember } from '../../src/core/members/members.ts';
import { newSessionToken, startSession } from '../../src/core/sign-in/sessions.ts';
import type { OrganizationId } from '../../src/kernel/ids.ts';
import { type TestGateway, testCause } from './gateway.ts';

/** Every member of the organization, oldest first. */
export const membersOf = (
  gateway: TestGateway,
  organizationId: OrganizationId,
): Promise<readonly Membership[]> => gateway.storage.memberships.list(organizationId, {}, { limit: 200 });

/** The organization's only member; fails when there are none or several. */
export async function onlyMember(gateway: TestGateway, organizationId: OrganizationId): Promise<Membership> {
  const [member, ...others] = await membersOf(gateway, organizationId);
  if (member === undefined || others.length > 0) throw new Error('not exactly one member');
  return member;
}

/** A session of the organization's only member, asked over HTTP as a browser would. */
export async function signIn(
  gateway: TestGateway,
  organizationId: OrganizationId,
): Promise<{ isAlive(): Promise<boolean> }> {
  const token = newSessionToken();
  const membership = await onlyMember(gateway, organizationId);
  const context = { organizationId, cause: testCause, now: gateway.clock.now() };
  const tokenHash = gateway.deps.hashToken(token);
  await gateway.storage.transact((tx) =>
    startSession(tx, context, {
      membership,
      tokenHash,
      authentication: { connectionId: null, amr: ['pwd'] },
    }),
  );
  return {
    isAlive: async () => {
      const answer = await gateway
        .request()
        .get('/api/v1/session')
        .set('Cookie', `__Host-gatehouse-session=${token}`);
      if (answer.status !== 200 && answer.status !== 401) throw new Error(`session: ${answer.status}`);
      return answer.status === 200;
    },
  };
}

/** Makes the organization's only member its owner. */
export async function makeOwner(gateway: TestGateway, organizationId: OrganizationId): Promise<void> {
  const { id } = await onlyMember(gateway, organizationId);
  const caller = { kind: 'operator' } as const;
  await changeMember(gateway.deps, {
    organizationId,
    id,
    caller,
    cause: testCause,
    change: { orgRole: 'owner' },
  });
}
