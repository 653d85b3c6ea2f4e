/** Signing in with a password, from our form or as JSON. Every failure looks like every other (S177). */
import type { Request, RequestHandler, Response } from 'express';
import type { PasswordAnswer } from '../../core/credentials/passwords.ts';
import { setupRequired } from '../../core/credentials/second-factor-policy.ts';
import { SECOND_STEP_TTL_MS } from '../../core/credentials/second-step.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { DEVICE_COOKIE, readCookie, SECOND_STEP_COOKIE, setCookie } from '../cookies.ts';
import type { HttpDeps } from '../deps.ts';
import { formText, isForm } from '../form-body.ts';
import { enterLocally } from '../local-sign-in.ts';
import { recordPasswordRefusal } from '../local-sign-in-recording.ts';
import { authenticatePassword } from '../password-strategy.ts';
import { causeOf } from '../request-facts.ts';
import { ownPath } from '../return-path.ts';
import { leaveForm } from './after-form.ts';
import { enrolmentPath } from './enrolment.ts';
import { seeOther } from './layout.ts';
import { sendSignIn } from './sign-in-form.ts';
import { organizationWish } from './sign-in-paths.ts';
import { assertNotForeign } from './visitor.ts';

/**
 * `POST /sign-in/password`: 303 for a form, 204 for JSON, both with the session cookie. Somebody with a second factor gets the
 * cookie of its step instead: a form is sent on to its page, JSON is told `second_factor_required`. Somebody whose organization
 * asks for one they do not have yet is sent to set it up; JSON is told `second_factor_setup_required`. `organization` (id or slug)
 * says whose sign-in it is: a member ends up there, anybody else where they would have without it. Throws `forbidden` from another
 * site; for JSON also `unauthenticated`, `invalid`.
 */
export const postPassword =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    assertNotForeign(deps, req);
    const returnTo = ownPath(formText(req, 'return_to'));
    let answer: PasswordAnswer;
    try {
      answer = await authenticatePassword(deps, {
        ...credentials(req),
        cause: causeOf(res, { kind: 'anonymous' }),
        device: readCookie(req, DEVICE_COOKIE),
        returnTo,
        organization: organizationWish(formText(req, 'organization')),
      });
    } catch (error) {
      return sendRefusal(deps, { req, res }, error);
    }
    if (answer.kind === 'second_step') return askForCode({ req, res }, answer.stepToken);
    await enterLocally(deps, { req, res }, answer);
    const next = answer.mustEnrol ? enrolmentPath(returnTo) : (returnTo ?? '/');
    if (isForm(req)) return leaveForm({ req, res }, next);
    if (answer.mustEnrol) throw setupRequired(deps);
    res.status(204).set('Cache-Control', 'no-store').end();
  };

interface Exchange {
  readonly req: Request;
  readonly res: Response;
}

/** The form again, with one text for everything that is wrong (S177); whoever holds the password may know that it is not enough. */
function sendRefusal(deps: HttpDeps, { req, res }: Exchange, error: unknown): void {
  const email = formText(req, 'email') ?? '';
  if (isGatehouseError(error)) recordPasswordRefusal(deps, res, { email, error });
  const isTooLittle = isGatehouseError(error, 'second_factor_required');
  if (!isForm(req) || !(isTooLittle || isGatehouseError(error, 'unauthenticated'))) throw error;
  const problem = isTooLittle ? { problem: error.detail } : { wrongPassword: WRONG };
  const organization = organizationWish(formText(req, 'organization'));
  const returnTo = ownPath(formText(req, 'return_to'));
  sendSignIn(res, { returnTo, email, organization, ...problem, status: 401 });
}

const WRONG = 'E-mail address and password do not fit together.';

function askForCode({ req, res }: Exchange, value: string): void {
  setCookie(res, SECOND_STEP_COOKIE, { value, maxAgeMs: SECOND_STEP_TTL_MS, sameSite: 'lax' });
  if (!isForm(req))
    throw new GatehouseError('second_factor_required', 'Send a code of the second factor too.');
  seeOther(res, '/sign-in/second-step');
}

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
