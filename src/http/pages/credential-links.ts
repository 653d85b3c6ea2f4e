/** Mailed links about credentials: the one that proves a new address, the one that connects the company sign-in, the one that takes a change back. */
import type { RequestHandler, Response } from 'express';
import { isUndoLink, undoCredentialChange } from '../../core/credentials/credential-undo.ts';
import { confirmEmailChange, findEmailChange } from '../../core/credentials/email-change.ts';
import { connectByMail, findOfferedConnection } from '../../core/sign-in/connecting-by-mail.ts';
import { isGatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { causeOf } from '../request-facts.ts';
import { type Html, html, isolated } from './html.ts';
import { type PageContent, seeOther, sendPage } from './layout.ts';
import { shownPath } from './opened-links.ts';
import { assertNotForeign, visitorOf } from './visitor.ts';

/** `GET /email-change/{token}`: what the button would do. */
export const getEmailChange =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const token = String(req.params.token);
    const email = await findEmailChange(deps, token);
    if (email === undefined) return sendDeadLink(res);
    sendAsking(res, {
      title: 'Sign in with this address?',
      path: shownPath(req),
      button: 'Yes, use this address',
      text: html`<p>From now on you sign in with <strong>${isolated(email)}</strong>. Your other devices are signed out.</p>`,
    });
  };

/** `POST /email-change/{token}`: consumes the link; the session of this browser stays if it is the person's own. */
export const postEmailChange =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    assertNotForeign(deps, req);
    const visitor = await visitorOf(deps, req);
    try {
      await confirmEmailChange(deps, {
        token: String(req.params.token),
        cause: causeOf(res, { kind: 'anonymous' }),
        keep: visitor?.signedIn.session.id,
      });
    } catch (error) {
      if (!isGatehouseError(error, 'not_found') && !isGatehouseError(error, 'already_exists')) throw error;
      return sendDeadLink(res);
    }
    sendPage(res, {
      title: 'Your address is changed',
      body: html`<p>You sign in with the new address from now on. Your former address has been told.</p>
<p><a class="button" href="/account">To your account</a></p>`,
    });
  };

/** `GET /connect/{token}`: whom the button would connect with what. */
export const getConnectLink =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const token = String(req.params.token);
    const offered = await findOfferedConnection(deps, token);
    if (offered === undefined) return sendDeadLink(res);
    const { organization, connection, subject, user } = offered;
    sendAsking(res, {
      title: 'Is this sign-in yours?',
      of: organization,
      path: shownPath(req),
      button: 'Yes, connect it',
      text: html`<p>From now on <strong>${isolated(subject)}</strong> at ${isolated(connection.name)} signs in to ${isolated(organization.name)} as you.</p>
${user.emailVerifiedAt === null ? CLAIMED : ''}<p>Go on only if you have just tried to sign in that way.</p>`,
    });
  };

const CLAIMED = html`<p>Nobody has proved this address before: a password of the account stops working, and its sessions end.</p>
`;

/** `POST /connect/{token}`: consumes the link, 303 to the organization's sign-in; nobody is signed in by it. */
export const postConnectLink =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    assertNotForeign(deps, req);
    try {
      const cause = causeOf(res, { kind: 'anonymous' });
      const { slug } = await connectByMail(deps, { token: String(req.params.token), cause });
      seeOther(res, `/sign-in/${encodeURIComponent(slug)}`);
    } catch (error) {
      if (!isGatehouseError(error, 'not_found') && !isGatehouseError(error, 'already_exists')) throw error;
      sendDeadLink(res);
    }
  };

/** `GET /undo/{token}`: what the button would do. */
export const getUndo =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const token = String(req.params.token);
    if (!(await isUndoLink(deps, token))) return sendDeadLink(res);
    sendAsking(res, {
      title: 'Was it not you?',
      path: shownPath(req),
      button: 'Take it back and secure my account',
      text: html`<p>This signs everybody out of your account, takes the change back with everything that came after it, and lets you set a new password.</p>`,
    });
  };

/** `POST /undo/{token}`: consumes the link, 303 to the page for a new password. */
export const postUndo =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    assertNotForeign(deps, req);
    try {
      const token = await undoCredentialChange(deps, {
        token: String(req.params.token),
        cause: causeOf(res, { kind: 'anonymous' }),
      });
      seeOther(res, `/password-reset/${encodeURIComponent(token)}`);
    } catch (error) {
      if (!isGatehouseError(error, 'not_found') && !isGatehouseError(error, 'already_exists')) throw error;
      sendDeadLink(res);
    }
  };

function sendAsking(
  res: Response,
  page: Pick<PageContent, 'title' | 'of'> & {
    readonly path: string;
    readonly button: string;
    readonly text: Html;
  },
): void {
  sendPage(res, {
    title: page.title,
    of: page.of,
    body: html`${page.text}
<form method="post" action="${page.path}" name="confirm">
<button type="submit">${page.button}</button>
</form>
<p class="quiet">Nothing happens if you close this page.</p>`,
  });
}

function sendDeadLink(res: Response): void {
  sendPage(res, {
    title: 'This link does not work',
    status: 404,
    body: html`<p>It works once and for a limited time, and another change since may have replaced it.</p>
<p><a class="button" href="/sign-in">To the sign-in page</a></p>`,
  });
}
