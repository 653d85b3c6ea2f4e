/** An application signs a person out (OIDC RP-Initiated Logout 1.0): out of the gateway, and so out of every application. */
import type { Request, RequestHandler, Response } from 'express';
import type { Application } from '../../core/entities/application.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { parseId } from '../../kernel/ids.ts';
import type { HttpDeps } from '../deps.ts';
import { formText, queryText } from '../form-body.ts';
import { visitingOf } from '../guards.ts';
import { hiddenField } from '../pages/form-parts.ts';
import { html, isolated } from '../pages/html.ts';
import { seeOther, sendPage } from '../pages/layout.ts';
import type { Visitor } from '../pages/visitor.ts';
import { assertOwnForm, visitorFor, visitorOf } from '../pages/visitor.ts';
import { leaveSession } from '../session-cookie.ts';
import { ROUTES } from './configuration.ts';
import type { ShownIdToken } from './id-token-hints.ts';
import { readIdTokenHint } from './id-token-hints.ts';

/** A request as it was judged: nobody is ever sent to an address that is not registered (S101). */
interface EndRequest {
  readonly application: Application | undefined;
  readonly hint: ShownIdToken | undefined;
  /** Registered, with `state`; null: our own page. */
  readonly goOnTo: string | null;
}

type Read = (name: string) => string | undefined;

/** `GET`: out at once when the ID token names this very session; otherwise a page asks. Throws `invalid` for a bad request. */
export const getEndSession =
  (deps: HttpDeps): RequestHandler =>
  (req, res) =>
    endSession(deps, { req, res }, (name) => queryText(req, name));

/** The same as a form, as large ID tokens need it. */
export const postEndSession =
  (deps: HttpDeps): RequestHandler =>
  (req, res) =>
    endSession(deps, { req, res }, (name) => formText(req, name));

interface Exchange {
  readonly req: Request;
  readonly res: Response;
}

async function endSession(deps: HttpDeps, exchange: Exchange, read: Read): Promise<void> {
  const { req, res } = exchange;
  const request = await judge(deps, read);
  const signedIn = await visitingOf(deps, req);
  if (signedIn === undefined) return goOn(res, request.goOnTo);
  // Only an application that signed this very person in has such a token; without one the person is asked.
  if (request.hint?.sub !== signedIn.user.id) {
    ask(deps, res, { visitor: visitorFor(deps, signedIn), request, read });
    return;
  }
  await leaveSession(deps, exchange);
  goOn(res, request.goOnTo);
}

/** `POST .../confirm`: the person said yes on our own page. Throws `forbidden` for any other form. */
export const postEndSessionConfirm =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const { goOnTo } = await judge(deps, (name) => formText(req, name));
    const visitor = await visitorOf(deps, req);
    if (visitor !== undefined) {
      assertOwnForm(req, visitor);
      await leaveSession(deps, { req, res });
    }
    sendSignedOut(res, goOnTo);
  };

const invalid = (detail: string, field: string) => new GatehouseError('invalid_syntax', detail, { field });

async function judge(deps: HttpDeps, read: Read): Promise<EndRequest> {
  const token = read('id_token_hint');
  const hint = token === undefined ? undefined : await readIdTokenHint(deps, token);
  if (token !== undefined && hint === undefined)
    throw invalid('The ID token is not one of this gateway.', 'id_token_hint');
  const clientId = read('client_id') ?? hint?.clientId;
  if (hint !== undefined && clientId !== hint.clientId)
    throw invalid('The ID token is of another application.', 'client_id');
  const id = clientId === undefined ? undefined : parseId('app', clientId);
  const application = id && (await deps.storage.applications.find(id));
  if (clientId !== undefined && application === undefined)
    throw invalid('There is no such application.', 'client_id');
  return { application, hint, goOnTo: addressOf(application, read) };
}

function addressOf(application: Application | undefined, read: Read): string | null {
  const wanted = read('post_logout_redirect_uri');
  if (wanted === undefined) return null;
  if (application?.postLogoutRedirectUris.includes(wanted) !== true)
    throw invalid('This address is not registered for the application.', 'post_logout_redirect_uri');
  const url = new URL(wanted);
  const state = read('state');
  if (state !== undefined) url.searchParams.set('state', state);
  return url.href;
}

function goOn(res: Response, address: string | null): void {
  if (address === null) sendSignedOut(res, null);
  else seeOther(res, address);
}

/** After a form of ours only a page may move on to another site: its policy holds for redirects too. */
function sendSignedOut(res: Response, goOnTo: string | null): void {
  sendPage(res, {
    title: 'You are signed out',
    body:
      goOnTo === null
        ? html`<p><a class="button" href="/sign-in">Sign in again</a></p>`
        : html`<p><a class="button" href="${goOnTo}">Continue</a></p>`,
    ...(goOnTo === null ? {} : { movesOnTo: goOnTo }),
  });
}

function ask(
  deps: HttpDeps,
  res: Response,
  asked: { readonly visitor: Visitor; readonly request: EndRequest; readonly read: Read },
): void {
  const { visitor, request, read } = asked;
  const carried = ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state'];
  sendPage(res, {
    title: 'Sign out?',
    body: html`<p>${request.application === undefined ? 'An application' : isolated(request.application.name)} asks to sign you out, here and in all applications.</p>
<form method="post" action="${deps.baseUrl}/oidc${ROUTES.end_session}/confirm" name="sign-out">
${hiddenField('csrf', visitor.csrf)}
${carried.map((name) => hiddenField(name, read(name) ?? null))}
<button type="submit">Sign out</button>
</form>
<p><a href="/">No, stay signed in</a></p>`,
  });
}
