/** What happens to a person who comes by for an application: sign in, go back to it, or be refused. Pure. */

export interface InteractionFacts {
  /** Absent: nobody is signed in in this browser. */
  readonly session?: {
    /**
     * What has happened since the application sent the person: nothing, another session (which an identity provider may have
     * opened without asking them), or another session and a proof of who they are.
     */
    readonly since: 'nothing' | 'session' | 'proof';
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
  | { readonly kind: 'sign_in' }
  | { readonly kind: 'resume' }
  /** In the words of OIDC Core §3.1.2.6. */
  | { readonly kind: 'refuse'; readonly error: RefusalError; readonly why: string };

type RefusalError = 'login_required' | 'access_denied' | 'invalid_request';

const refuse = (error: RefusalError, why: string): InteractionDecision => ({
  kind: 'refuse',
  error,
  why,
});

/**
 * A person is sent to the sign-in once: whoever comes back as the wrong one, or too old, is told so and not sent again. Asked to prove
 * who they are (`prompt=login`), they go until they have: what comes back without a proof has passed by the question.
 */
export function decideInteraction({ session, prompts, maxAge }: InteractionFacts): InteractionDecision {
  if (session === undefined) return { kind: 'sign_in' };
  const isProved = session.since === 'proof';
  if (prompts.includes('login') && !isProved) return { kind: 'sign_in' };
  const isTooOld = maxAge !== undefined && !isProved && session.ageMs > maxAge * 1000;
  if (session.since === 'nothing') {
    const isWrong = isTooOld || !session.isOfNamedOrganization || !session.isHintedPerson;
    if (isWrong || prompts.includes('select_account')) return { kind: 'sign_in' };
  }
  if (isTooOld) return refuse('login_required', 'the identity provider did not authenticate the person anew');
  if (!session.isHintedPerson) return refuse('login_required', 'another person signed in');
  if (!session.isOfNamedOrganization) return refuse('access_denied', 'signed in to another organization');
  return { kind: 'resume' };
}
