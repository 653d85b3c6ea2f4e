/** Signing out: the session ends in storage, not only in the browser (S188). */
import type { RequestHandler } from 'express';
import type { HttpDeps } from '../deps.ts';
import { formText, isForm } from '../form-body.ts';
import { ownPath } from '../return-path.ts';
import { leaveSession } from '../session-cookie.ts';
import { startUpstreamSignOut } from '../upstream-sign-out.ts';
import { html } from './html.ts';
import { seeOther, sendPage } from './layout.ts';
import { signOutForm } from './person.ts';
import { SIGNED_OUT } from './sign-in-paths.ts';
import { assertOwnForm, visitorOf } from './visitor.ts';

/** `GET /sign-out`: asks; a link or an image on another site signs nobody out. */
export const getSignOut =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const visitor = await visitorOf(deps, req);
    if (visitor === undefined) return seeOther(res, '/sign-in');
    sendPage(res, {
      title: 'Sign out?',
      of: visitor.signedIn.organization,
      body: html`${signOutForm(visitor)}<p><a href="/">No, back to my page</a></p>`,
    });
  };

/**
 * `POST /sign-out`: 204 for anything but a form, signed in or not. For a form 303: to `return_to` or the sign-in page, which says so, by way
 * of the identity provider where the session came from one that takes sign-outs. The session here ends first.
 */
export const postSignOut =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const visitor = await visitorOf(deps, req);
    // A program that proves its origin needs no form of ours; a token that is sent must fit.
    if (visitor !== undefined && formText(req, 'csrf') !== undefined) assertOwnForm(req, visitor);
    if (visitor !== undefined) await leaveSession(deps, { req, res });
    if (!isForm(req)) {
      res.status(204).set('Cache-Control', 'no-store').end();
      return;
    }
    const returnTo = ownPath(formText(req, 'return_to'));
    const session = visitor?.signedIn.session;
    const upstream = session && (await startUpstreamSignOut(deps, res, { session, returnTo }));
    seeOther(res, upstream ?? returnTo ?? SIGNED_OUT);
  };
