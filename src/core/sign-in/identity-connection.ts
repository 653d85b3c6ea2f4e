/** An existing member takes an identity of their company as theirs: an act of their own, never a guess by address (S156). */
import type { MembershipId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import type { ChangeContext } from '../deps.ts';
import type { SignInPurpose } from '../entities/sign-in.ts';
import { joinBySignOn } from '../joining/joining-by-sign-on.ts';
import { record } from '../journal/audit.ts';
import type { Repositories } from '../ports/storage.ts';
import { signInRefusal } from './refused-sign-ins.ts';
import type { Admission, Admitted } from './sign-in-admission.ts';
import { admit, bindIdentity, judge } from './sign-in-admission.ts';

/**
 * Binds the identity to the member who asked for it while signed in, and answers them. The identity must carry that member's
 * own address, verified, so that nobody can be talked into taking somebody else's. Throws `sign_in_refused`.
 */
export async function connectIdentity(
  tx: Repositories,
  context: ChangeContext,
  input: Admission & { readonly membershipId: MembershipId },
): Promise<Pick<Admitted, 'membership' | 'organization'>> {
  const { connection, identity, membershipId } = input;
  const { organizationId } = context;
  const { facts, organization } = await judge(tx, context, input);
  const membership = await tx.memberships.find(organizationId, membershipId);
  if (membership?.status !== 'active') throw signInRefusal('identity.inactive');
  // A directory says who is who in its organization, and nobody else does.
  if (organization.provisioning === 'directory') throw signInRefusal('identity.not_in_directory');
  if (facts.bound?.membership.id === membershipId) return { membership, organization };
  const own = await tx.identities.findByMembership(organizationId, connection.id, membershipId);
  if (facts.bound !== undefined || own !== undefined) throw signInRefusal('identity.already_bound');
  const isOwnAddress = identity.email !== null && foldKey(identity.email) === membership.emailKey;
  if (!facts.isAddressVerified || !isOwnAddress) throw signInRefusal('identity.other_address');
  await bindIdentity(tx, context, { connection, identity, membership });
  await record(tx, context, {
    type: 'identity.connected',
    target: { kind: 'membership', id: membershipId },
    details: { connectionId: connection.id, issuer: identity.issuer, subject: identity.subject },
  });
  return { membership, organization };
}

/** Who comes in by an answer of the identity provider, given what was asked of it. Throws `sign_in_refused`. */
export async function admitFor(
  tx: Repositories,
  context: ChangeContext,
  input: { readonly purpose: SignInPurpose | undefined; readonly admission: Admission },
): Promise<Admitted> {
  const { purpose = { kind: 'sign_in' }, admission } = input;
  if (purpose.kind === 'sign_in') return admit(tx, context, admission);
  if (purpose.kind === 'connect')
    return {
      ...(await connectIdentity(tx, context, { ...admission, membershipId: purpose.membershipId })),
      kind: 'enter',
    };
  if (purpose.kind === 'accept_invitation') return joinBySignOn(tx, context, { ...admission, purpose });
  // Nothing else opens a session, wherever its answer is handed in: a test least of all.
  throw signInRefusal('sign_in.not_pending');
}
