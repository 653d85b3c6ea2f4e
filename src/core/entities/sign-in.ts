/** Sign-ins and sign-outs under way. */
import type {
  ConnectionId,
  InvitationId,
  MembershipId,
  OrganizationId,
  SignInId,
  TestSignInId,
  UserId,
} from '../../kernel/ids.ts';
import type { SessionName } from './session.ts';

/** What a sign-in is for. */
export type SignInPurpose =
  /**
   * `replaces`: the session that this browser showed at the start; the provider's POST comes back without its cookie.
   * `isRepeated`: this browser had begun another sign-in and not ended it: it is one person still.
   */
  | {
      readonly kind: 'sign_in';
      readonly replaces?: SessionName | undefined;
      readonly isRepeated?: boolean | undefined;
    }
  /** Opens no session; the result goes to whoever started it. */
  | { readonly kind: 'test'; readonly testSignInId: TestSignInId }
  /** A signed-in member connects the identity to themselves, by an explicit act (S156). */
  | {
      readonly kind: 'connect';
      readonly membershipId: MembershipId;
      readonly replaces?: SessionName | undefined;
    }
  /** Somebody signed in to an account joins with it, by the mailed link of an invitation. */
  | {
      readonly kind: 'accept_invitation';
      readonly invitationId: InvitationId;
      /** Of the invitation as it was then: sent again, it is another one (S165). */
      readonly tokenHash: string;
      readonly userId: UserId;
      readonly replaces?: SessionName | undefined;
    }
  /** The provider's answer is verified already; the person's yes is waited for (S48). */
  | { readonly kind: 'confirmation' }
  /** The session here has ended; the browser signs out at the provider. */
  | { readonly kind: 'sign_out' };

/** A sign-in or sign-out under way: one row, consumed once, bound to one browser and one connection. */
export interface PendingSignIn {
  readonly id: SignInId;
  readonly organizationId: OrganizationId;
  readonly connectionId: ConnectionId;
  /** Hash of the RelayState or `state` value that names this row from outside. */
  readonly handleHash: string;
  /** Hash of the binding cookie's value. */
  readonly bindingHash: string;
  /** SAML: the ID of our request. */
  readonly requestId: string | null;
  /** OIDC: what the callback needs; sealed at rest. */
  readonly nonce: string | null;
  readonly codeVerifier: string | null;
  /** What was decided or begun, as text of its kind; sealed at rest. Null while an answer is waited for. */
  readonly held: string | null;
  /** A same-origin path, or null for the person's page. */
  readonly returnTo: string | null;
  /** The person was to prove anew who they are: SAML ForceAuthn, OIDC prompt=login. */
  readonly mustReauthenticate: boolean;
  /** How long ago the identity provider may have authenticated the person, seconds; null: any time. */
  readonly maxAgeSeconds: number | null;
  readonly purpose: SignInPurpose;
  readonly createdAt: number;
  readonly expiresAt: number;
}
