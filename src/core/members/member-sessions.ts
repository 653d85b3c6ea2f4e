/** What admins do with other people's sessions: see a member's, end them, sign everybody out (S189). */
import type { MembershipId, OrganizationId } from '../../kernel/ids.ts';
import type { Caller } from '../access/access.ts';
import { assertMayTouch } from '../access/access.ts';
import { roleHeld } from '../access/role-table.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { Session } from '../entities/session.ts';
import { liveSessionsOf } from '../sign-in/own-sessions.ts';
import { endSessions } from '../sign-in/session-endings.ts';
import { getMembership } from './memberships.ts';

interface MemberSessionsRequest {
  readonly organizationId: OrganizationId;
  readonly id: MembershipId;
  readonly caller: Caller;
}

/** The member's sessions that still open something, oldest first. Throws `not_found`, `forbidden` (see `assertMayTouch`). */
export async function listMemberSessions(
  deps: Pick<Deps, 'storage' | 'clock'>,
  { organizationId, id, caller }: MemberSessionsRequest,
): Promise<readonly Session[]> {
  const membership = await getMembership(deps.storage, organizationId, id);
  assertMayTouch(caller, await roleHeld(deps.storage, membership.orgRole));
  return liveSessionsOf(deps, membership);
}

/** Ends every session the member has in this organization. Throws `not_found`, `forbidden` (see `assertMayTouch`). */
export async function endMemberSessions(
  deps: Pick<Deps, 'storage' | 'clock'>,
  { organizationId, id, caller, cause }: MemberSessionsRequest & { readonly cause: Cause },
): Promise<void> {
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const membership = await getMembership(tx, organizationId, id);
    assertMayTouch(caller, await roleHeld(tx, membership.orgRole));
    const which = { by: 'membership', membershipId: id } as const;
    await endSessions(tx, context, { which, reason: 'ended_by_admin' });
  });
}

/** Signs everybody out of an organization, whoever asks included. Answers how many sessions ended. */
export async function endOrganizationSessions(
  deps: Pick<Deps, 'storage' | 'clock'>,
  { organizationId, cause }: { readonly organizationId: OrganizationId; readonly cause: Cause },
): Promise<number> {
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const which = { by: 'organization' } as const;
    return (await endSessions(tx, context, { which, reason: 'organization_signed_out' })).length;
  });
}
