/** The question before one person takes another's place in a browser: a provider's unasked answer waits here for a yes (S48). */

import type { Request, RequestHandler, Response } from 'express';
import { shownAddress } from '../../core/members/own-account.ts';
import type { SignInAnswer } from '../../core/sign-in/pending-sign-ins.ts';
import { signInRefusal } from '../../core/sign-in/refused-sign-ins.ts';
import { SIGN_IN_TTL_MS } from '../../core/sign-in/sign-ins.ts';
import type { UnsolicitedAnswer } from '../../core/sign-in/unsolicited-sign-ins.ts';
import {
  completeHeld,
  findHeld,
  holdUnsolicited,
  isSamePerson,
} from '../../core/sign-in/unsolicited-sign-ins.ts';
import type { UpstreamIdentity } from '../../core/sign-in/upstream-identity.ts';
import { bindingCookie, clearCookie, readCookie, setCookie } from '../cookies.ts';
import type { HttpDeps } from '../deps.ts';
import { assertSameOrigin } from '../guards.ts';
import { hiddenField } from '../pages/form-parts.ts';
import { html, isolated } from '../pages/html.ts';
import { seeOther, sendPage } from '../pages/layout.ts';
import { assertOwnForm, type Visitor, visitorOf } from '../pages/visitor.ts';
import { causeOf } from '../request-facts.ts';
import { type ConnectionOf, connectionAt, enterAs } from '../sign-in-answer.ts';
import { noteAttempt, openConnectionAttempt } from '../sign-in-recording.ts';
import { refuseSignIn } from '../sign-in-refusal.ts';

interface Exchange {
  readonly req: Request;
  readonly res: Response;
}

/** Keeps the verified answer for this browser and sends it to the question. Throws `sign_in_refused`. */
export async function askFirst(deps: HttpDeps, res: Response, answer: UnsolicitedAnswer): Promise<void> {
  const { pending, handle, binding } = await holdUnsolicited(deps, answer);
  noteAttempt(res, { signInId: pending.id });
  setCookie(res, bindingCookie(pending.id), { value: binding, maxAgeMs: SIGN_IN_TTL_MS, sameSite: 'none' });
  seeOther(res, `/saml/${answer.connection.id}/confirm/${handle}`);
}

/**
 * `GET /saml/{connectionId}/confirm/{handle}`: asks when somebody else is signed in, and finishes the sign-in when nobody is:
 * only here, asked by its own site, does the browser show its session. Throws `sign_in_refused`.
 */
export const getConfirm =
  (deps: HttpDeps): RequestHandler =>
  (req, res) =>
    withHeld(deps, { req, res }, async (held) => {
      const visitor = await visitorOf(deps, req);
      const userId = visitor?.signedIn.user.id;
      if (visitor === undefined || (await isSamePerson(deps, { ...held, userId: userId ?? '' })))
        return finish(deps, { req, res }, held);
      await sendQuestion(deps, res, { ...held, visitor });
    });

/** `POST` to the same address: the yes. Needs a form of ours, from this session. */
export const postConfirm =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    assertSameOrigin(deps, req);
    const visitor = await visitorOf(deps, req);
    if (visitor !== undefined) assertOwnForm(req, visitor);
    await withHeld(deps, { req, res }, (held) => finish(deps, { req, res }, held));
  };

interface Held {
  readonly connection: ConnectionOf<'saml'>;
  readonly identity: UpstreamIdentity;
  readonly answer: SignInAnswer;
  readonly cookie: string;
}

async function withHeld(
  deps: HttpDeps,
  { req, res }: Exchange,
  go: (held: Held) => Promise<void>,
): Promise<void> {
  const connection = await connectionAt(deps, req, 'saml');
  if (connection === undefined) throw signInRefusal('sign_in.unknown_connection');
  openConnectionAttempt(deps, res, { connection, step: 'decision' });
  try {
    const handle = String(req.params.handle);
    const { organizationId, id } = connection;
    const row = await deps.storage.pendingSignIns.find(organizationId, id, deps.hashPending(handle));
    noteAttempt(res, { signInId: row?.id });
    const cookie = bindingCookie(row?.id ?? '');
    const answer: SignInAnswer = { connection, handle, binding: readCookie(req, cookie) };
    const identity = await findHeld(deps, answer);
    if (identity === undefined) throw signInRefusal('sign_in.not_pending');
    await go({ connection, identity, answer, cookie });
  } catch (error) {
    await refuseSignIn(deps, res, { connection, error });
  }
}

async function finish(deps: HttpDeps, exchange: Exchange, { answer, cookie }: Held): Promise<void> {
  const cause = causeOf(exchange.res, { kind: 'connection', connectionId: answer.connection.id });
  await enterAs(deps, exchange, await completeHeld(deps, { ...answer, cause }));
  clearCookie(exchange.res, cookie);
  seeOther(exchange.res, '/');
}

async function sendQuestion(
  deps: HttpDeps,
  res: Response,
  { connection, identity, answer, visitor }: Held & { readonly visitor: Visitor },
): Promise<void> {
  const { membership, organization } = visitor.signedIn;
  const theirs = await deps.storage.organizations.find(connection.organizationId);
  const now = isolated(shownAddress(visitor.signedIn) ?? membership.name);
  const next = isolated(identity.email ?? identity.subject);
  sendPage(res, {
    title: 'Switch to another person?',
    body: html`<p>You are signed in as ${now} at ${isolated(organization.name)}.</p>
<p>Another site has sent you here as ${next} at ${isolated(theirs?.name ?? connection.name)}. If you did not start this yourself, stay who you are.</p>
<p><a class="button" href="/">Stay signed in as ${now}</a></p>
<form method="post" action="/saml/${connection.id}/confirm/${answer.handle}" name="confirm">
${hiddenField('csrf', visitor.csrf)}
<button class="second" type="submit">Continue as ${next}</button>
</form>`,
  });
}
