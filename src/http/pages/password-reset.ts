/** A forgotten password in the browser and as JSON: one answer for everybody; looking at a mailed link consumes nothing. */
import type { RequestHandler, Response } from 'express';
import {
  findResetOwner,
  requestPasswordReset,
  resetPassword,
} from '../../core/credentials/password-reset.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { formText, isForm, queryText } from '../form-body.ts';
import { causeOf } from '../request-facts.ts';
import { textField, usernameField } from './form-parts.ts';
import { html } from './html.ts';
import { seeOther, sendPage } from './layout.ts';
import { shownPath } from './opened-links.ts';
import { assertNotForeign } from './visitor.ts';

/** `GET /password-reset`: the form; with `sent` what to do next, `done` that it worked. */
export const getPasswordReset = (): RequestHandler => (req, res) => {
  if (queryText(req, 'sent') !== undefined) return sendSent(res);
  if (queryText(req, 'done') !== undefined) return sendDone(res);
  sendPage(res, {
    title: 'Forgotten your password?',
    body: html`<p>Enter the e-mail address you sign in with. If a password belongs to it, a link to set a new one is on its way.</p>
<form method="post" action="/password-reset" name="password-reset">
${textField({ name: 'email', label: 'E-mail', type: 'email', autocomplete: 'username' })}
<button type="submit">Send the link</button>
</form>
<p><a href="/sign-in">Back to sign-in</a></p>`,
  });
};

/** `POST /password-reset` with `email`: 303 or 204, the same for every address. Throws `invalid` for JSON without one, `too_many_requests`. */
export const postPasswordReset =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    assertNotForeign(deps, req);
    const email = formText(req, 'email');
    if (!isForm(req) && email === undefined)
      throw new GatehouseError('invalid', 'email: expected text.', { field: 'email' });
    await requestPasswordReset(deps, { email: email ?? '', cause: causeOf(res, { kind: 'anonymous' }) });
    if (isForm(req)) return seeOther(res, '/password-reset?sent=yes');
    res.status(204).set('Cache-Control', 'no-store').end();
  };

/** `GET /password-reset/{token}`: the form for the new password, or a 404 page for a link that does not work. */
export const getNewPassword =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const token = String(req.params.token);
    const owner = await findResetOwner(deps, token);
    if (owner === undefined) return sendDeadLink(res);
    sendNewPassword(res, { path: shownPath(req), email: owner.email });
  };

/** `POST /password-reset/{token}` with `password`: 303 or 204; nobody is signed in by it. Throws, for JSON, `not_found`, `invalid`. */
export const postNewPassword =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    assertNotForeign(deps, req);
    const token = String(req.params.token);
    const password = formText(req, 'password');
    if (!isForm(req) && password === undefined)
      throw new GatehouseError('invalid', 'password: expected text.', { field: 'password' });
    try {
      const cause = causeOf(res, { kind: 'anonymous' });
      await resetPassword(deps, { token, password: password ?? '', cause });
    } catch (error) {
      if (!isForm(req)) throw error;
      if (isGatehouseError(error, 'not_found')) return sendDeadLink(res);
      if (!isGatehouseError(error, 'invalid')) throw error;
      const email = (await findResetOwner(deps, token))?.email ?? null;
      return sendNewPassword(res, { path: shownPath(req), email, problem: error.detail });
    }
    if (isForm(req)) return seeOther(res, '/password-reset?done=yes');
    res.status(204).set('Cache-Control', 'no-store').end();
  };

function sendNewPassword(
  res: Response,
  {
    path,
    email,
    problem,
  }: { readonly path: string; readonly email: string | null; readonly problem?: string },
): void {
  sendPage(res, {
    title: 'Set a new password',
    status: problem === undefined ? 200 : 422,
    body: html`<p>When you save it, everybody is signed out of your account, on every device.</p>
<form method="post" action="${path}" name="new-password">
${usernameField(email)}
${textField({
  name: 'password',
  label: 'New password',
  type: 'password',
  autocomplete: 'new-password',
  hint: 'At least 15 characters, or 8 if you use a second step. A sentence is a good one.',
  problem,
})}
<button type="submit">Save the new password</button>
</form>`,
  });
}

function sendSent(res: Response): void {
  sendPage(res, {
    title: 'Look into your mailbox',
    body: html`<p>If a password belongs to that address, a mail with a link is on its way. The link works once, for 30 minutes.</p>
<p class="quiet">Nothing there? Look into the spam folder, check the address, and try again in a few minutes. If your organization has its own sign-in, use that: it needs no password here.</p>
<p><a class="button" href="/sign-in">To the sign-in page</a></p>`,
  });
}

function sendDone(res: Response): void {
  sendPage(res, {
    title: 'Your new password is set',
    body: html`<p>You can sign in with it now. Everybody has been signed out of your account.</p>
<p><a class="button" href="/sign-in">Sign in</a></p>`,
  });
}

function sendDeadLink(res: Response): void {
  sendPage(res, {
    title: 'This link does not work',
    status: 404,
    body: html`<p>A link to set a new password works once, for 30 minutes, and only until another one is asked for.</p>
<p><a class="button" href="/password-reset">Ask for a new link</a></p>`,
  });
}
