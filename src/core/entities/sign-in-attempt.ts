/** One attempt to sign in as the recorder keeps it: how far it came, what was said, and why it ended; never a secret. */
import type { ErrorCode } from '../../kernel/errors.ts';
import type {
  ConnectionId,
  MembershipId,
  OrganizationId,
  RecorderEntryId,
  SignInId,
} from '../../kernel/ids.ts';

/**
 * The parts of a sign-in: on the way to the identity provider; its answer is judged; who is it, and may they come in. And by
 * itself, where it was refused: the identity provider's message that somebody signs out.
 */
export const SIGN_IN_STEPS = ['start', 'callback', 'decision', 'sign_out'] as const;
export type SignInStep = (typeof SIGN_IN_STEPS)[number];

/** `password` with or without a second step. */
export const SIGN_IN_PROTOCOLS = ['saml', 'oidc', 'password', 'passkey', 'emergency_code'] as const;

/** Something the identity provider (or the person) said. */
export interface SignInFact {
  /** As the protocol, the assertion or the token spells it. */
  readonly name: string;
  /** The first ones, redacted and cut; `count` tells how many there were. */
  readonly values: readonly string[];
  readonly count: number;
  /** Covered by a verified signature. Everything else is a hint that nobody vouches for. */
  readonly isVerified: boolean;
}

/** How a person came in. */
export interface EntryOutcome {
  readonly kind: 'enter' | 'accept_invitation' | 'join';
  readonly membershipId: MembershipId;
}

/** How a sign-in went that went well: somebody is in, or a test, which lets nobody in, found nothing wrong. */
export type SignInOutcome =
  | EntryOutcome
  | {
      readonly kind: 'test_passed';
      /** Whom a real one would let in; null for somebody who is no member yet. */
      readonly membershipId: MembershipId | null;
    };

/** Why nobody came in: one code outside, one exact reason inside; the plain-language cause is looked up when it is read. */
export interface SignInFailure {
  readonly code: ErrorCode;
  readonly reason: string;
}

/** Whether this is the reason of what was refused before anybody read it. */
export const isUnread = (reason: unknown): boolean => String(reason).startsWith('unread.');

export interface SignInAttempt {
  readonly id: RecorderEntryId;
  readonly organizationId: OrganizationId;
  readonly protocol: (typeof SIGN_IN_PROTOCOLS)[number];
  /** Null without an identity provider. */
  readonly connectionId: ConnectionId | null;
  /** The same in the start and in the answer that belongs to it; null when an answer belongs to none. */
  readonly signInId: SignInId | null;
  /** The last step it came to. */
  readonly step: SignInStep;
  readonly at: number;
  /** From the request to the end of its answer, calls to the identity provider included. */
  readonly ms: number;
  /** What each step took, in the order they came. */
  readonly timings: readonly { readonly step: SignInStep; readonly ms: number }[];
  /** The reference on the page of a refusal, and of the audit rows. */
  readonly requestId: string;
  /** Of the HTTP answer. */
  readonly status: number;
  readonly facts: readonly SignInFact[];
  /** Things that did not stop the sign-in and still want mending, by code. */
  readonly notes: readonly string[];
  /** Null for a start, and for a failure. */
  readonly outcome: SignInOutcome | null;
  readonly failure: SignInFailure | null;
}

/**
 * Whether this was refused at a connection and nothing ties it to a person, neither a sign-in that this browser began nor a word that
 * a signature covers: a stranger can bring about any number of them, and none may hide or keep out another (S217).
 */
export const isStrangers = ({
  connectionId,
  signInId,
  facts,
  failure,
}: Pick<SignInAttempt, 'connectionId' | 'signInId' | 'failure'> & {
  readonly facts: readonly Pick<SignInFact, 'isVerified'>[];
}): boolean =>
  failure !== null &&
  connectionId !== null &&
  signInId === null &&
  !facts.some(({ isVerified }) => isVerified);
