/** Setting up the second step that an organization asks for, right after the password, or with it, and before anything else opens. */
import type { Request, RequestHandler, Response } from 'express';
import {
  beginEnrolment,
  completeEnrolment,
  hasShownPassword,
} from '../../core/credentials/second-factor-enrolment.ts';
import { ENROLMENT_PATH } from '../../core/credentials/second-factor-policy.ts';
import { showFactorAgain } from '../../core/credentials/second-factors.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { formText, queryText } from '../form-body.ts';
import { actorOf, callerFrom, enrollingOf } from '../guards.ts';
import { causeOf } from '../request-facts.ts';
import { ownPath } from '../return-path.ts';
import { setSessionCookie } from '../session-cookie.ts';
import { addPasskeyForm, recoveryCodesBody, setUpBody } from './account-view.ts';
import { hiddenField, textField, usernameField } from './form-parts.ts';
import { type Html, html, isolated } from './html.ts';
import { seeOther, sendPage } from './layout.ts';
import { assertNotForeign, assertOwnForm, type Visitor, visitorFor } from './visitor.ts';

/** The page's address for somebody on their way to `returnTo`. */
export const enrolmentPath = (returnTo: string | null): string =>
  returnTo === null ? ENROLMENT_PATH : `${ENROLMENT_PATH}?${new URLSearchParams({ return_to: returnTo })}`;

const CONFIRM_PATH = `${ENROLMENT_PATH}-confirm`;

/** `GET /account/enrol[?return_to=]`: what there is to do, or the way to the sign-in for everybody else. */
export const getEnrolment =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const returnTo = ownPath(queryText(req, 'return_to'));
    const visitor = await enrollingVisitor(deps, req);
    if (visitor === undefined)
      return seeOther(
        res,
        `/sign-in${returnTo === null ? '' : `?${new URLSearchParams({ return_to: returnTo })}`}`,
      );
    sendChoice(deps, res, { visitor, returnTo });
  };

/** The password is asked for where this session has not just shown it. */
function sendChoice(
  deps: HttpDeps,
  res: Response,
  choice: { readonly visitor: Visitor; readonly returnTo: string | null; readonly problem?: string },
): void {
  const { visitor, returnTo, problem } = choice;
  const { organization, session, user } = visitor.signedIn;
  sendPage(res, {
    title: 'Set up a second step',
    of: organization,
    status: problem === undefined ? 200 : 401,
    offersPasskeys: true,
    body: html`<p>${isolated(organization.name)} asks its members for a second step, so that a password alone is never enough. Set one up now; your sign-in goes on afterwards.</p>
<form method="post" action="${ENROLMENT_PATH}" name="enrol">
${hiddenField('csrf', visitor.csrf)}
${hiddenField('return_to', returnTo)}
${hasShownPassword(session, deps.clock()) ? '' : passwordField(user.email, problem)}
<button type="submit">Use an authenticator app</button>
</form>
${addPasskeyForm(user.email)}
<p><a href="/sign-out">Not now: sign out</a></p>`,
  });
}

const passwordField = (email: string | null, problem: string | undefined): Html =>
  html`${usernameField(email)}
${textField({
  name: 'current_password',
  label: 'Your password',
  type: 'password',
  autocomplete: 'current-password',
  problem,
})}`;

/** `POST /account/enrol` with `current_password` where it is asked for: a new secret with the form for its first code. */
export const postEnrolment =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const visitor = await actingVisitor(deps, req);
    const { signedIn } = visitor;
    const cause = causeOf(res, actorOf(callerFrom(signedIn)));
    try {
      const password = formText(req, 'current_password');
      const begun = await beginEnrolment(deps, { signedIn, cause, password });
      if (begun.sessionToken !== undefined) setSessionCookie(res, begun.sessionToken);
      const body = setUpBody(visitorFor(deps, begun.signedIn), { factor: begun, form: wayOn(req) });
      sendPage(res, { title: 'Set up a second step', of: signedIn.organization, body });
    } catch (error) {
      if (!isPasswordWanted(error)) throw error;
      sendChoice(deps, res, { visitor, returnTo: wayOn(req).returnTo, problem: error.detail });
    }
  };

const isPasswordWanted = (error: unknown): error is GatehouseError =>
  isGatehouseError(error, 'unauthenticated') && error.field === 'currentPassword';

/** `POST /account/enrol-confirm` with `code`: a full session and the recovery codes, or the form again. */
export const postEnrolmentCode =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const visitor = await actingVisitor(deps, req);
    const cause = causeOf(res, actorOf(callerFrom(visitor.signedIn)));
    try {
      const code = formText(req, 'code') ?? '';
      const done = await completeEnrolment(deps, { signedIn: visitor.signedIn, cause, code });
      setSessionCookie(res, done.sessionToken);
      const next = ownPath(formText(req, 'return_to')) ?? '/';
      const body = recoveryCodesBody(done.recoveryCodes, next);
      sendPage(res, { title: 'The second step is on', of: visitor.signedIn.organization, body });
    } catch (error) {
      // Nothing is being set up any more: it was begun anew, or done, in another tab.
      if (isGatehouseError(error, 'not_found') || isPasswordWanted(error))
        return seeOther(res, enrolmentPath(wayOn(req).returnTo));
      if (!isGatehouseError(error, 'invalid')) throw error;
      await sendAgain(deps, res, { visitor, req, problem: error.detail });
    }
  };

async function sendAgain(
  deps: HttpDeps,
  res: Response,
  { visitor, req, problem }: { readonly visitor: Visitor; readonly req: Request; readonly problem: string },
): Promise<void> {
  const { user, organization } = visitor.signedIn;
  const factor = await showFactorAgain(deps, { user, secret: formText(req, 'secret') ?? '' });
  const body = setUpBody(visitor, { factor, problem, form: wayOn(req) });
  sendPage(res, { title: 'Set up a second step', of: organization, status: 422, body });
}

const wayOn = (req: Request) => ({
  action: CONFIRM_PATH,
  returnTo: ownPath(formText(req, 'return_to')),
  cancel: '/sign-out',
});

async function enrollingVisitor(deps: HttpDeps, req: Request): Promise<Visitor | undefined> {
  const signedIn = await enrollingOf(deps, req);
  return signedIn && visitorFor(deps, signedIn);
}

async function actingVisitor(deps: HttpDeps, req: Request): Promise<Visitor> {
  assertNotForeign(deps, req);
  const visitor = await enrollingVisitor(deps, req);
  if (visitor === undefined) throw new GatehouseError('unauthenticated', 'Sign in first.');
  assertOwnForm(req, visitor);
  return visitor;
}
