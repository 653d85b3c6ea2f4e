/** Proving anew who is there, before a sensitive act (S192): through the identity provider, or with the password; then back. */

import type { Request, RequestHandler, Response } from 'express';
import { isOwnProof } from '../../core/connections/sso-policy.ts';
import { findSecondFactor } from '../../core/credentials/second-factor-codes.ts';
import { shownAddress } from '../../core/members/own-account.ts';
import { stepUpWithPassword } from '../../core/sign-in/step-up.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { formText, isForm, queryText } from '../form-body.ts';
import { causeOf } from '../request-facts.ts';
import { ownPath } from '../return-path.ts';
import { setSessionCookie } from '../session-cookie.ts';
import { startSignIn } from '../sign-in-start.ts';
import { leaveForm } from './after-form.ts';
import { hiddenField, problemBox, textField, usernameField } from './form-parts.ts';
import { type Html, html, isolated } from './html.ts';
import { seeOther, sendPage } from './layout.ts';
import { assertOwnForm, type Visitor, visitorOf } from './visitor.ts';

/**
 * `GET /sign-in-again[?return_to=]`: 303 to the identity provider the session came from, asked for a new proof; a form for
 * the password of those who have one. Strangers go to the sign-in page.
 */
export const getSignInAgain =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const returnTo = ownPath(queryText(req, 'return_to'));
    const visitor = await visitorOf(deps, req);
    if (visitor === undefined) return seeOther(res, `/sign-in${returnQuery(returnTo)}`);
    const { session, membership, organization } = visitor.signedIn;
    if (session.connectionId === null) return sendForm(deps, res, { visitor, returnTo });
    const connection = await deps.storage.connections.find(organization.id, session.connectionId);
    if (connection === undefined) throw new GatehouseError('unauthenticated', 'This session has ended.');
    const loginHint = membership.email ?? undefined;
    return startSignIn(deps, res, {
      ...{ connection, returnTo, loginHint },
      freshness: { mustReauthenticate: true },
    });
  };

/** `POST /sign-in-again` with `password`: 303 to where it began for a form, 204 for JSON, both with a new session cookie. */
export const postSignInAgain =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const visitor = await visitorOf(deps, req);
    if (visitor === undefined) throw new GatehouseError('unauthenticated', 'Sign in first.');
    if (isForm(req)) assertOwnForm(req, visitor);
    const returnTo = ownPath(formText(req, 'return_to'));
    try {
      const { signedIn } = visitor;
      const { session } = signedIn;
      const { userId, membershipId } = session;
      const email = shownAddress(signedIn);
      const cause = causeOf(res, { kind: 'member', userId, membershipId, email });
      const { sessionToken } = await stepUpWithPassword(deps, {
        ...{ signedIn, cause, password: passwordOf(req), code: formText(req, 'code') },
      });
      setSessionCookie(res, sessionToken);
    } catch (error) {
      const isTypo =
        isGatehouseError(error, 'unauthenticated') || isGatehouseError(error, 'second_factor_required');
      if (!isForm(req) || !isTypo) throw error;
      return sendForm(deps, res, { visitor, returnTo, problem: error.detail });
    }
    if (isForm(req)) return leaveForm({ req, res }, returnTo ?? '/');
    res.status(204).set('Cache-Control', 'no-store').end();
  };

/** What is missing from a form is simply wrong; a program is told the name of the field. */
function passwordOf(req: Request): string {
  const password = formText(req, 'password');
  if (password === undefined && !isForm(req))
    throw new GatehouseError('invalid', 'password: expected text.', { field: 'password' });
  return password ?? '';
}

const returnQuery = (returnTo: string | null): string =>
  returnTo === null ? '' : `?${new URLSearchParams({ return_to: returnTo })}`;

interface Asking {
  readonly visitor: Visitor;
  readonly returnTo: string | null;
  readonly problem?: string;
}

async function sendForm(deps: HttpDeps, res: Response, asking: Asking): Promise<void> {
  const { visitor, returnTo, problem } = asking;
  const { user, session } = visitor.signedIn;
  if (user.email === null || !isOwnProof(session)) return sendNoWay(res, visitor);
  const factor = await findSecondFactor(deps.storage, user.id);
  const hasPasskey = (await deps.storage.passkeys.listByUser(user.id)).length > 0;
  sendPage(res, {
    title: 'Is it still you?',
    of: visitor.signedIn.organization,
    status: problem === undefined ? 200 : 401,
    offersPasskeys: hasPasskey,
    body: html`<p>What you are about to do asks for a fresh sign-in. You are ${isolated(user.email)}.</p>
<form method="post" action="/sign-in-again" name="sign-in-again">
${hiddenField('csrf', visitor.csrf)}
${hiddenField('return_to', returnTo)}
${usernameField(user.email)}
${textField({
  name: 'password',
  label: 'Your password',
  type: 'password',
  autocomplete: 'current-password',
  problem,
})}
${
  factor !== undefined &&
  textField({
    name: 'code',
    label: 'Code of your authenticator app, or a recovery code',
    autocomplete: 'one-time-code',
  })
}
<button type="submit">Continue</button>
</form>
${hasPasskey && passkeyForm(returnTo)}
<p><a href="${returnTo ?? '/'}">Not now</a></p>`,
  });
}

/** Shown by the script that can use it. */
const passkeyForm = (returnTo: string | null): Html => html`<div hidden>
<form method="post" action="/sign-in-again" name="passkey" data-passkey="sign-in-again">
<p class="wrong" role="alert" hidden></p>
${hiddenField('return_to', returnTo)}
<button class="second" type="submit">Use a passkey instead</button>
</form>
</div>`;

function sendNoWay(res: Response, visitor: Visitor): void {
  sendPage(res, {
    title: 'Please sign in again',
    of: visitor.signedIn.organization,
    status: 403,
    body: html`${problemBox('This session cannot be renewed here.')}
<p>Sign out and sign in again, then repeat what you were doing.</p>
<p><a class="button" href="/sign-out">Sign out</a></p>`,
  });
}
