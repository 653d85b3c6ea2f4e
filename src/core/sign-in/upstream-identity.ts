/** What an identity provider said about a person, whatever the protocol: the one value every sign-in ends in. */
import type { ConnectionId } from '../../kernel/ids.ts';
import type { UpstreamSession } from '../entities/session.ts';

export interface UpstreamIdentity {
  readonly connectionId: ConnectionId;
  readonly protocol: 'saml' | 'oidc';
  /** With `connectionId` and `subject` the whole of a sign-in identity (law 2). */
  readonly issuer: string;
  readonly subject: string;
  /** Values that may equal a directory user's externalId: the subject, Entra's `oid`. */
  readonly externalIds: readonly string[];
  /** The one value that may equal a directory user's userName; null when the provider said none that counts. */
  readonly userName: string | null;
  readonly email: string | null;
  /** The provider vouches for the address: OIDC `email_verified: true`. SAML never says so. */
  readonly isEmailVerified: boolean;
  readonly name: string | null;
  /** Attributes or claims by name; a name that was not sent is absent, which is not the same as empty. */
  readonly claims: ReadonlyMap<string, readonly string[]>;
  /** Names under which it has something to say and could not: Entra, for people in too many groups. Absent: none. */
  readonly untold?: readonly string[] | undefined;
  /** How the provider says it knows (RFC 8176); empty when it did not say. */
  readonly amr: readonly string[];
  /** When the provider authenticated the person, epoch milliseconds; null when it did not say. */
  readonly authTime: number | null;
  /** The provider's own session. */
  readonly session: UpstreamSession;
  /** SAML SessionNotOnOrAfter: no session of ours lasts longer; null when it did not say. */
  readonly sessionNotOnOrAfter: number | null;
}
