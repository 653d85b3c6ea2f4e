/** Signing out: the session ends in storage, not only in the browser (S188). */
import type { RequestHandler } from 'express';
import type { HttpDeps } from '../deps.ts';
import { formText, isForm } from '../form-body.ts';
import { ownPath } from '../return-path.ts';
import { leaveSession } from '../session-cookie.ts';
import { html } from './html.ts';
import { seeOther, sendPage } from './layout.ts';
import { signOutForm } from './person.ts';
import { assertOwnForm, visitorOf } from './visitor.ts';

/** `GET /sign-out`: asks; a link or an image on another site signs nobody out. */
export const getSignOut =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const visitor = await visitorOf(deps, req);
    if (visitor === undefined) return seeOther(res, '/sign-in');
    sendPage(res, {
      title: 'Sign out?',
      body: html`${signOutForm(visitor)}<p><a href="/">No, back to my page</a></p>`,
    });
  };

/** `POST /sign-out`: 303 to the sign-in page, or to `return_to`, for a form; 204 for anything else, signed in or not. */
export const postSignOut =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const visitor = await visitorOf(deps, req);
    // A program that proves its origin needs no form of ours; a token that is sent must fit.
    if (visitor !== undefined && formText(req, 'csrf') !== undefined) assertOwnForm(req, visitor);
    if (visitor !== undefined) await leaveSession(deps, { req, res });
    if (isForm(req)) return seeOther(res, ownPath(formText(req, 'return_to')) ?? '/sign-in');
    res.status(204).set('Cache-Control', 'no-store').end();
  };
