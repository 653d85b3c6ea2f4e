/** What people sign in with besides a password, and the one-time values that stand between two steps of theirs. */
import type { PasskeyId, UserId } from '../../kernel/ids.ts';

/** What a one-time value is good for; one of another purpose is as unknown as none. */
export type OneTimePurpose =
  /** A mailed link that sets a new password. */
  | 'password_reset'
  /** A mailed link that proves a new address. */
  | 'email_change'
  /** A mailed link by which a member takes an identity of a connection as theirs. */
  | 'identity_connection'
  /** A mailed link that takes a change of credentials back. */
  | 'undo'
  /** A sign-in whose first factor was right and that waits for the second. */
  | 'second_step'
  /** A mailed link that proves an address on the way into an organization. */
  | 'joining'
  | 'passkey_registration'
  | 'passkey_sign_in';

/** A value that somebody will show once: kept as its hash, consumed by one conditional write (law 5). */
export interface OneTimeRecord {
  readonly tokenHash: string;
  readonly purpose: OneTimePurpose;
  /** Null where nobody is known yet. */
  readonly userId: UserId | null;
  /** Keyed hash of a cookie that must come along; null where the value itself is the proof. */
  readonly bindingHash: string | null;
  /** What the next step needs to know; never a secret. */
  readonly data: Readonly<Record<string, string | null>>;
  /** How many more wrong answers it takes; `claim` counts them down. */
  readonly triesLeft: number;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** A person's generator of one-time codes (RFC 6238). At most one for each person. */
export interface SecondFactor {
  readonly userId: UserId;
  readonly version: number;
  /** Base32; sealed at rest, bound to the person. */
  readonly secret: string;
  /** When the person showed a code of it; null while it is being set up and asks nobody for anything. */
  readonly confirmedAt: number | null;
  /** The latest time step whose code was used; a code of it or of an earlier one is refused (RFC 6238 §5.2). */
  readonly lastStep: number;
  readonly createdAt: number;
}

/** A public key of a person (WebAuthn §4, discoverable credential). */
export interface Passkey {
  readonly id: PasskeyId;
  readonly version: number;
  readonly userId: UserId;
  /** Base64url; unique over all people. */
  readonly credentialId: string;
  /** COSE, base64url; no secret. */
  readonly publicKey: string;
  /** The authenticator's own count of uses; 0 for those that do not count. */
  readonly counter: number;
  readonly transports: readonly string[];
  /** True when the authenticator may copy it to other devices. */
  readonly isSynced: boolean;
  /** What the person calls it. */
  readonly name: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}
