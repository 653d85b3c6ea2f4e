/** What it means that an organization requires single sign-on: which ways in are left. Pure. */
import type { ApiKey } from './entities/api-key.ts';
import type { Organization } from './entities/organization.ts';
import type { Session } from './entities/sign-in.ts';

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

/** Whether a key is: a personal one counts as the session in which it was made, those of the organization belong to no session. */
export const keyFits = (
  organization: Pick<Organization, 'ssoPolicy' | 'provisioning'>,
  { membershipId, connectionId }: Pick<ApiKey, 'membershipId' | 'connectionId'>,
): boolean => membershipId === null || sessionFits(organization, { connectionId, emergency: false });
