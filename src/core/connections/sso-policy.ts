/** What it means that an organization requires single sign-on, or a second factor: which ways in are left. Pure. */
import type { ApiKey } from '../entities/api-key.ts';
import type { Organization } from '../entities/organization.ts';
import type { Session } from '../entities/session.ts';

/**
 * Whether a way in that is no connection (password, reset link, passkey, invitation link) may be used for this organization.
 * `enter`: to open a session in it. `obtain`: to get such a way in at all; a directory's people get none (S118, S182).
 */
export function passwordAllowedFor(
  { ssoPolicy, provisioning }: Pick<Organization, 'ssoPolicy' | 'provisioning'>,
  use: 'enter' | 'obtain',
): boolean {
  return ssoPolicy === 'optional' && (use === 'enter' || provisioning === 'manual');
}

/** Whether a session is good enough for its organization: one born from a connection always is, an emergency one too (S157). */
export const sessionFits = (
  organization: Pick<Organization, 'ssoPolicy' | 'provisioning'>,
  { connectionId, emergency }: Pick<Session, 'connectionId' | 'emergency'>,
): boolean => connectionId !== null || emergency || passwordAllowedFor(organization, 'enter');

/** What a session says when more than a password was shown: a code, or a passkey, which stands for two factors (RFC 8176). */
const SECOND_FACTORS: ReadonlySet<string> = new Set(['otp', 'hwk', 'swk']);

/**
 * Whether all that this session is good for is setting up the second factor that its organization asks for. One that an identity
 * provider opened is that provider's affair, and an emergency code lets in whoever has nothing else left.
 */
export const awaitsSecondFactor = (
  { requireSecondFactor }: Pick<Organization, 'requireSecondFactor'>,
  { connectionId, emergency, amr }: Pick<Session, 'connectionId' | 'emergency' | 'amr'>,
): boolean =>
  requireSecondFactor &&
  connectionId === null &&
  !emergency &&
  !amr.some((method) => SECOND_FACTORS.has(method));

/**
 * Whether the person showed something of their own: a password, a passkey. Whoever came through an organization's identity
 * provider acts in that organization only, because it is that provider's word alone (law 3).
 */
export const isOwnProof = ({ connectionId, amr, emergency }: Session): boolean =>
  connectionId === null && !emergency && !amr.includes('fed');

/**
 * What the organization misses in a key, undefined when it fits: a personal one counts as the session in which it was made, those of
 * the organization belong to no session. A session that an emergency code opened counts as none: it is over in an hour, its key is not.
 */
export function lackOfKey(
  organization: Pick<Organization, 'ssoPolicy' | 'provisioning' | 'requireSecondFactor'>,
  { membershipId, connectionId, amr }: Pick<ApiKey, 'membershipId' | 'connectionId' | 'amr'>,
): 'sso_required' | 'second_factor_required' | undefined {
  if (membershipId === null) return undefined;
  if (!sessionFits(organization, { connectionId, emergency: false })) return 'sso_required';
  const awaits = awaitsSecondFactor(organization, { connectionId, emergency: false, amr });
  return awaits ? 'second_factor_required' : undefined;
}
