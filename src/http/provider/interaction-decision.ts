/** What happens to a person who comes by for an application: sign in, go back to it, or be refused. Pure. */

export interface InteractionFacts {
  /** Absent: nobody is signed in in this browser. */
  readonly session?: {
    /** Another one than when the application sent the person, opened since. */
    readonly isFresh: boolean;
    /** Milliseconds since the person proved who they are. */
    readonly ageMs: number;
    readonly isOfNamedOrganization: boolean;
    /** The person that the application's `id_token_hint` means; true without one. */
    readonly isHintedPerson: boolean;
  };
  readonly prompts: readonly string[];
  /** Seconds; absent: any age will do. */
  readonly maxAge?: number | undefined;
}

export type InteractionDecision =
  | {
      readonly kind: 'sign_in';
      readonly mustReauthenticate: boolean;
      readonly maxAgeSeconds: number | null;
    }
  | { readonly kind: 'resume' }
  /** In the words of OIDC Core §3.1.2.6. */
  | { readonly kind: 'refuse'; readonly error: RefusalError; readonly why: string };

type RefusalError = 'login_required' | 'access_denied' | 'invalid_request';

const refuse = (error: RefusalError, why: string): InteractionDecision => ({
  kind: 'refuse',
  error,
  why,
});

/** A person is sent to the sign-in once: whoever comes back as the wrong one, or too old, is told so and not sent again. */
export function decideInteraction({ session, prompts, maxAge }: InteractionFacts): InteractionDecision {
  const mustReauthenticate = prompts.includes('login');
  const signIn = { kind: 'sign_in', mustReauthenticate, maxAgeSeconds: maxAge ?? null } as const;
  if (session === undefined) return signIn;
  const isTooOld = maxAge !== undefined && session.ageMs > maxAge * 1000;
  if (!session.isFresh) {
    const isAsked = mustReauthenticate || prompts.includes('select_account');
    const isWrong = isTooOld || !session.isOfNamedOrganization || !session.isHintedPerson;
    if (isAsked || isWrong) return signIn;
  }
  if (isTooOld) return refuse('login_required', 'the identity provider did not authenticate the person anew');
  if (!session.isHintedPerson) return refuse('login_required', 'another person signed in');
  if (!session.isOfNamedOrganization) return refuse('access_denied', 'signed in to another organization');
  return { kind: 'resume' };
}
