/** The one-time link of the first operator: looking at it consumes nothing, the button opens the console. */
import type { RequestHandler, Response } from 'express';
import {
  claimOperatorLink,
  isOperatorLink,
  OPERATOR_SESSION_MS,
} from '../../core/organization/operator-link.ts';
import { isGatehouseError } from '../../kernel/errors.ts';
import { OPERATOR_COOKIE, setCookie } from '../cookies.ts';
import type { HttpDeps } from '../deps.ts';
import { causeOf, loggerOf } from '../request-facts.ts';
import { html } from './html.ts';
import { seeOther, sendPage } from './layout.ts';
import { shownPath } from './opened-links.ts';
import { assertNotForeign } from './visitor.ts';

/** `GET /setup/{token}`. */
export const getSetup =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const token = String(req.params.token);
    if (!(await isOperatorLink(deps, token))) return sendDeadLink(res);
    sendPage(res, {
      title: 'Welcome to Gatehouse',
      body: html`<p>This link makes this browser the operator's for eight hours. It works once.</p>
<form method="post" action="${shownPath(req)}" name="setup">
<button type="submit">Open the console</button>
</form>`,
    });
  };

/** `POST /setup/{token}`: consumes the link, 303 to the console. */
export const postSetup =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    assertNotForeign(deps, req);
    const cause = causeOf(res, { kind: 'operator' });
    try {
      enterConsole(res, await claimOperatorLink(deps, { token: String(req.params.token), cause }));
    } catch (error) {
      if (!isGatehouseError(error, 'not_found')) throw error;
      sendDeadLink(res);
    }
  };

/** Gives the browser the operator's session and shows the console. */
export function enterConsole(res: Response, sessionToken: string): void {
  setCookie(res, OPERATOR_COOKIE, { value: sessionToken, maxAgeMs: OPERATOR_SESSION_MS, sameSite: 'lax' });
  loggerOf(res).info('operator session opened');
  seeOther(res, '/console');
}

function sendDeadLink(res: Response): void {
  sendPage(res, {
    title: 'This link does not work',
    status: 404,
    body: html`<p>A set-up link works once and for one day. While nobody has used one, a restart of Gatehouse prints a new one; afterwards the operator key opens the console.</p>
<p><a class="button" href="/console">To the console</a></p>`,
  });
}
