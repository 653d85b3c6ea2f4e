/** The sign-in of one organization: straight to its identity provider, or a choice when it has several. */
import type { Request, RequestHandler, Response } from 'express';
import { passwordAllowedFor } from '../../core/connections/sso-policy.ts';
import type { Connection } from '../../core/entities/connection.ts';
import type { Organization } from '../../core/entities/organization.ts';
import { signInRefusal } from '../../core/sign-in/refused-sign-ins.ts';
import type { Freshness } from '../../core/sign-in/sign-in-freshness.ts';
import { findSignInRoute } from '../../core/sign-in/sign-in-routing.ts';
import type { HttpDeps } from '../deps.ts';
import { queryText } from '../form-body.ts';
import { ownPath } from '../return-path.ts';
import { startSignIn } from '../sign-in-start.ts';
import { html, isolated } from './html.ts';
import { logoOf, sendPage } from './layout.ts';
import { sendSignIn } from './sign-in-form.ts';
import { organizationWish, passwordPath, signInPath, type Wishes } from './sign-in-paths.ts';

/** `prompt=login` and `max_age` as in OIDC: asking for more proof than needed harms nobody. */
function freshnessOf(req: Request): Freshness {
  const maxAge = /^\d{1,9}$/.exec(queryText(req, 'max_age') ?? '')?.[0];
  return {
    mustReauthenticate: queryText(req, 'prompt') === 'login',
    maxAgeSeconds: maxAge === undefined ? null : Number(maxAge),
  };
}

/**
 * `GET /sign-in/{organization}[?connection=&return_to=&login_hint=&prompt=&max_age=]`: 303 to the identity provider when one active
 * connection is meant, a page of choices when several are, 404 page when there is none or no such organization. Throws
 * `sign_in_refused` for a named connection that cannot be used; another organization's is as unknown as none (law 1).
 */
export const getOrganizationSignIn =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const returnTo = ownPath(queryText(req, 'return_to'));
    const loginHint = plainHint(queryText(req, 'login_hint'));
    const freshness = freshnessOf(req);
    const route = await findSignInRoute(deps, {
      organization: String(req.params.organization),
      connection: queryText(req, 'connection'),
      email: loginHint,
    });
    switch (route.kind) {
      case 'start':
        return startSignIn(deps, res, { connection: route.connection, returnTo, loginHint, freshness });
      case 'choose':
        return sendChoices(res, { ...route, returnTo, loginHint, freshness });
      case 'password':
        return sendNoSignOn(res, { returnTo, loginHint, organization: String(req.params.organization) });
      case 'unknown_connection':
        throw signInRefusal('sign_in.unknown_connection');
    }
  };

/** A hint goes to the identity provider as it is; odd ones stay here. */
export const plainHint = (hint: string | undefined): string | undefined =>
  hint !== undefined && hint !== '' && hint.length <= 320 && !/\p{Cc}/u.test(hint) ? hint : undefined;

function sendChoices(
  res: Response,
  input: {
    readonly organization: Organization;
    readonly connections: readonly Connection[];
    readonly returnTo: string | null;
    readonly loginHint: string | undefined;
    readonly freshness: Freshness;
  },
): void {
  const { organization, connections, returnTo, loginHint, freshness } = input;
  const choices = connections.map(({ id, name }) => {
    const path = signInPath(organization.slug, { returnTo, loginHint, connection: id, freshness });
    return html`<li><a class="button second" href="${path}">${isolated(name)}</a></li>`;
  });
  sendPage(res, {
    title: 'Choose how to sign in',
    of: organization,
    logo: logoOf(organization),
    body: html`<p>${isolated(organization.name)} has more than one way to sign in.</p>
<ul class="choices">${choices}</ul>
${
  passwordAllowedFor(organization, 'enter') &&
  html`<p><a href="${passwordPath(returnTo, organization.slug)}">Use a password instead</a></p>`
}`,
  });
}

/**
 * One page for an organization without single sign-on and for one that does not exist (S155): the ways in that ask for neither. It
 * says back what was asked for, so that a member ends up there.
 */
const sendNoSignOn = (
  res: Response,
  wishes: Pick<Wishes, 'returnTo' | 'loginHint'> & { readonly organization: string },
): void =>
  sendSignIn(res, {
    title: 'No single sign-on here',
    status: 404,
    returnTo: wishes.returnTo,
    email: wishes.loginHint ?? '',
    organization: organizationWish(wishes.organization),
    note: 'No organization of this name or address has single sign-on. Sign in with your password or passkey, or check the spelling.',
  });
