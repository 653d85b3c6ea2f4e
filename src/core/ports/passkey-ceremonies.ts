/** What core asks of WebAuthn (Level 3): the options a browser is given, and whether what it sends back is genuine. */
import type { Passkey } from '../entities/credentials.ts';
import type { User } from '../entities/people.ts';

/** A new credential as a browser sends it; every text is base64url. */
export interface RegistrationAnswer {
  readonly id: string;
  readonly response: {
    readonly clientDataJSON: string;
    readonly attestationObject: string;
    readonly transports?: readonly string[] | undefined;
  };
}

/** A use of a credential as a browser sends it; every text is base64url. */
export interface SignInAnswerOfPasskey {
  readonly id: string;
  readonly response: {
    readonly clientDataJSON: string;
    readonly authenticatorData: string;
    readonly signature: string;
    readonly userHandle?: string | null | undefined;
  };
}

/**
 * All of them bind to the configured address: its origin and its host as relying party id, never a Host header's. Challenges
 * are 32 bytes in base64url. User verification is always required: a passkey stands for two factors. Attestation is not asked
 * for, and one with a certificate is refused, so that nothing is ever fetched to check it.
 */
export interface PasskeyCeremonies {
  /** For `navigator.credentials.create`; the credential is discoverable, those in `known` are not made twice. */
  registrationOptions(ceremony: {
    readonly challenge: string;
    readonly user: User;
    readonly known: readonly Passkey[];
  }): Promise<Readonly<Record<string, unknown>>>;
  /** For `navigator.credentials.get`, whoever it will be. */
  signInOptions(challenge: string): Promise<Readonly<Record<string, unknown>>>;
  /** The challenge an answer claims to be about; undefined when it cannot be read. Nothing is verified by it. */
  challengeOf(answer: { readonly response: { readonly clientDataJSON: string } }): string | undefined;
  /** The new public key; undefined when the answer is not genuine or not about this challenge. */
  verifyRegistration(
    answer: RegistrationAnswer,
    challenge: string,
  ): Promise<Pick<Passkey, 'credentialId' | 'publicKey' | 'counter' | 'isSynced'> | undefined>;
  /** The authenticator's count of uses; undefined when the answer is not genuine, not about this challenge, or not by this key. */
  verifySignIn(
    answer: SignInAnswerOfPasskey,
    expected: { readonly challenge: string; readonly passkey: Passkey },
  ): Promise<number | undefined>;
}
