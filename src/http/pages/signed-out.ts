/** After signing out: the page that moves on to the identity provider, the way back from it, and the page that says it is done. */
import type { RequestHandler } from 'express';
import { findUpstreamSignOut } from '../../core/sign-in/upstream-sign-outs.ts';
import { parseId } from '../../kernel/ids.ts';
import { bindingCookie, readCookie } from '../cookies.ts';
import type { HttpDeps } from '../deps.ts';
import { queryText } from '../form-body.ts';
import { finishUpstreamSignOut, signedOutPath } from '../upstream-sign-out.ts';
import { sendForwarding } from './forwarding.ts';
import { html, isolated } from './html.ts';
import { seeOther, sendPage } from './layout.ts';
import { visitorOf } from './visitor.ts';

/**
 * `GET /signed-out/{connectionId}/{handle}`: on to the identity provider, by a page that moves by itself, because browsers
 * hold `form-action 'self'` against a redirect that follows the sign-out form.
 */
export const getSigningOut =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const connection = await findConnection(deps, String(req.params.connectionId));
    if (connection === undefined) return seeOther(res, '/sign-in');
    const wayOut = await findUpstreamSignOut(deps, {
      connection,
      handle: String(req.params.handle),
      bindingOf: (id) => readCookie(req, bindingCookie(id)),
    });
    if (wayOut === undefined) return seeOther(res, signedOutPath(connection));
    const { url, fields } = wayOut;
    const title = 'You are signed out here';
    const note = html`<p>One moment: ${isolated(connection.name)} is asked to sign you out as well.</p>`;
    const stay = html`<p><a href="/sign-in">No, stay signed in there</a></p>`;
    if (fields !== undefined) return sendForwarding(res, { title, url, fields, note, instead: stay });
    const body = html`${note}
<p><a class="button" href="${url}">Continue</a></p>
${stay}`;
    sendPage(res, { title, body, movesOnTo: url });
  };

/**
 * `GET /signed-out/{connectionId}`: where identity providers send browsers back to, with `state` if they are OpenID
 * providers, and the page that says it is done.
 */
export const getSignedOut =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const connection = await findConnection(deps, String(req.params.connectionId));
    const handle = queryText(req, 'state');
    if (connection !== undefined && handle !== undefined)
      return finishUpstreamSignOut(deps, { req, res }, { connection, handle, isComplete: true });
    if ((await visitorOf(deps, req)) !== undefined) return seeOther(res, '/');
    const isPartial = queryText(req, 'upstream') === 'partial';
    sendPage(res, {
      title: 'You are signed out',
      body: html`${
        isPartial &&
        html`<p>Your session here has ended. Your identity provider says that it could not end all of its own: sign out there as well.</p>`
      }<p><a class="button" href="/sign-in">Sign in again</a></p>`,
    });
  };

async function findConnection(deps: HttpDeps, text: string) {
  const id = parseId('con', text);
  return id === undefined ? undefined : deps.storage.connections.findById(id);
}
