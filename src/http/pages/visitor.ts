/** Who looks at a page, and whether the browser meant to act: session, origin and the token of our own forms (S186). */
import type { Request } from 'express';
import type { SignedIn } from '../../core/sign-in/sessions.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { constantTimeEqual } from '../../kernel/tokens.ts';
import type { HttpDeps } from '../deps.ts';
import { formText } from '../form-body.ts';
import { assertSameOrigin, signedInOf } from '../guards.ts';

export interface Visitor {
  readonly signedIn: SignedIn;
  /** Goes into the hidden field `csrf` of forms that act with this session. */
  readonly csrf: string;
}

/** The signed-in person behind the cookie, or undefined. Throws `forbidden` for an unsafe request of another site. */
export async function visitorOf(deps: HttpDeps, req: Request): Promise<Visitor | undefined> {
  const signedIn = await signedInOf(deps, req);
  return signedIn && visitorFor(deps, signedIn);
}

/** The person with the token that forms of ours for them carry. */
export const visitorFor = (deps: Pick<HttpDeps, 'hashToken'>, signedIn: SignedIn): Visitor => ({
  signedIn,
  // Not of the cookie's value, which may be replaced between a form and its answer.
  csrf: deps.hashToken(`csrf:${signedIn.session.id}`),
});

/** Throws `forbidden` unless the posted form is one we rendered for this very session. */
export function assertOwnForm(req: Request, visitor: Visitor): void {
  const sent = formText(req, 'csrf');
  if (sent === undefined || !constantTimeEqual(sent, visitor.csrf))
    throw new GatehouseError('forbidden', 'This form is not from this session. Reload the page.');
}

/**
 * Throws `forbidden` when a browser says that another site made it ask. For acts without a session, where programs that
 * say nothing are welcome: what they could do they can do anyway, but nobody may be signed in from elsewhere (login CSRF).
 */
export function assertNotForeign(deps: Pick<HttpDeps, 'baseUrl'>, req: Request): void {
  const { origin, 'sec-fetch-site': site } = req.headers;
  if (origin !== undefined || site !== undefined) assertSameOrigin(deps, req);
}
