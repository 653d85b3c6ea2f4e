/** Signing in with a password, from our form or as JSON. Every failure looks like every other (S177). */
import type { Request, RequestHandler } from 'express';

import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { formText, isForm } from '../form-body.ts';
import { authenticatePassword } from '../password-strategy.ts';
import { causeOf } from '../request-facts.ts';
import { ownPath } from '../return-path.ts';
import { enterSession } from '../session-cookie.ts';
import { seeOther } from './layout.ts';
import { sendSignIn } from './sign-in.ts';
import { assertNotForeign } from './visitor.ts';

/** `POST /sign-in/password`: 303 for a form, 204 for JSON, both with the session cookie. Throws `forbidden` from another site; for JSON also `unauthenticated`, `invalid`. */
export const postPassword =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    assertNotForeign(deps, req);
    const returnTo = ownPath(formText(req, 'return_to'));
    try {
      const cause = causeOf(res, { kind: 'anonymous' });
      const { sessionToken } = await authenticatePassword(deps, { ...credentials(req), cause });
      await enterSession(deps, { req, res }, sessionToken);
    } catch (error) {
      if (!isForm(req) || !isGatehouseError(error, 'unauthenticated')) throw error;
      const problem = 'E-mail address and password do not fit together.';
      return sendSignIn(res, { returnTo, email: formText(req, 'email') ?? '', problem, status: 401 });
    }
    if (isForm(req)) return seeOther(res, returnTo ?? '/');
    res.status(204).set('Cache-Control', 'no-store').end();
  };

/** What is missing from a form is simply wrong; a program is told the name of the field. */
function credentials(req: Request): { readonly email: string; readonly password: string } {
  const email = formText(req, 'email');
  const password = formText(req, 'password');
  if (!isForm(req) && (email === undefined || password === undefined)) {
    const field = email === undefined ? 'email' : 'password';
    throw new GatehouseError('invalid', `${field}: expected text.`, { field });
  }
  return { email: email ?? '', password: password ?? '' };
}
