/** What a session may be told of the account behind it: all of it when the person opened it themselves, else nothing (law 3). */

import { isOwnProof } from '../connections/sso-policy.ts';
import { findSecondFactor } from '../credentials/second-factor-codes.ts';
import type { Deps } from '../deps.ts';
import type { Passkey } from '../entities/credentials.ts';
import type { SignedIn } from '../sign-in/sessions.ts';

/** How a person signs in by themselves. */
export interface OwnAccount {
  /** The sign-in address; null for somebody who never chose one. */
  readonly email: string | null;
  readonly isEmailVerified: boolean;
  readonly hasPassword: boolean;
  readonly hasSecondFactor: boolean;
  readonly recoveryCodesLeft: number;
  /** Oldest first. */
  readonly passkeys: readonly Passkey[];
}

const NOTHING: OwnAccount = {
  email: null,
  isEmailVerified: false,
  hasPassword: false,
  hasSecondFactor: false,
  recoveryCodesLeft: 0,
  passkeys: [],
};

/**
 * The account as this session may see it. One that an organization's identity provider vouched for sees what somebody without
 * credentials of their own would: the address and the devices are none of that organization's.
 */
export async function accountInReach(
  { storage }: Pick<Deps, 'storage'>,
  { session, user }: Pick<SignedIn, 'session' | 'user'>,
): Promise<OwnAccount> {
  if (!isOwnProof(session)) return NOTHING;
  const hasSecondFactor = (await findSecondFactor(storage, user.id)) !== undefined;
  return {
    email: user.email,
    isEmailVerified: user.emailVerifiedAt !== null,
    hasPassword: user.passwordHash !== null,
    hasSecondFactor,
    recoveryCodesLeft: hasSecondFactor ? await storage.recoveryCodes.count(user.id) : 0,
    passkeys: await storage.passkeys.listByUser(user.id),
  };
}

/** The address a session shows for its person: what the organization knows, else the account's own where it is in reach. */
export const shownAddress = ({
  session,
  user,
  membership,
}: Pick<SignedIn, 'session' | 'user' | 'membership'>): string | null =>
  membership.email ?? (isOwnProof(session) ? user.email : null);
