/** From one organization into another without signing in anew, where the other one's own policy allows it (S191). */
import { GatehouseError } from '../../kernel/errors.ts';
import { isOwnProof, passwordAllowedFor } from '../connections/sso-policy.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { Organization } from '../entities/organization.ts';
import { findOrganization } from '../organization/organization-lookup.ts';
import { endSessions } from './session-endings.ts';
import type { SignedIn } from './sessions.ts';
import { newSessionToken, startSession } from './sessions.ts';

/**
 * Opens a session in the other organization and ends this one, in one transaction; of parallel calls one succeeds. When the
 * person proved who they are is carried over: nothing is proved by switching. Throws `not_found` for an organization the
 * person is no active member of, existing or not; `sso_required` with the address to sign in at when this session's proof
 * does not count there; `unauthenticated` when this session has just ended.
 */
export async function switchOrganization(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'baseUrl'>,
  input: { readonly signedIn: SignedIn; readonly reference: string; readonly cause: Cause },
): Promise<{ readonly sessionToken: string }> {
  const { signedIn, reference, cause } = input;
  const { session, user } = signedIn;
  const target = await findOrganization(deps.storage, reference);
  const sessionToken = newSessionToken();
  return deps.storage.transact(async (tx) => {
    const now = deps.clock();
    const organization = target && (await tx.organizations.find(target.id));
    const membership = target && (await tx.memberships.findByUser(target.id, user.id));
    if (organization === undefined || membership?.status !== 'active')
      throw new GatehouseError('not_found', 'You are in no such organization.');
    assertProofCounts(deps, signedIn, organization);
    const from: ChangeContext = { organizationId: session.organizationId, cause, now };
    const which = { by: 'id', id: session.id } as const;
    const ended = await endSessions(tx, from, { which, reason: 'organization_switched' });
    // Whoever ended it meanwhile has ended it: a session that is gone opens no other one (S190).
    if (ended.length === 0)
      throw new GatehouseError('unauthenticated', 'This session has ended. Sign in again.');
    const { amr, authenticatedAt, authTime, isAuthTimeAssumed, expiresAt } = session;
    const actor = {
      kind: 'member',
      userId: user.id,
      membershipId: membership.id,
      email: membership.email,
    } as const;
    await startSession(
      tx,
      { organizationId: organization.id, cause: { ...cause, actor }, now },
      {
        ...{ membership, organization },
        tokenHash: deps.hashToken(sessionToken),
        authentication: {
          ...{ connectionId: null, amr, authenticatedAt, authTime, isAuthTimeAssumed },
          notOnOrAfter: expiresAt,
        },
      },
    );
    return { sessionToken };
  });
}

function assertProofCounts(
  { baseUrl }: Pick<Deps, 'baseUrl'>,
  { session }: SignedIn,
  organization: Organization,
): void {
  if (isOwnProof(session) && passwordAllowedFor(organization, 'enter')) return;
  throw new GatehouseError('sso_required', `${organization.name} asks for a sign-in of its own.`, {
    url: `${baseUrl}/sign-in/${encodeURIComponent(organization.slug)}`,
  });
}
