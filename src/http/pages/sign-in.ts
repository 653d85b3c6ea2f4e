/** The sign-in page: by organization or work e-mail through the company's identity provider, or with a password. */
import type { RequestHandler, Response } from 'express';
import { domainOf } from '../../core/domains.ts';
import type { HttpDeps } from '../deps.ts';
import { queryText } from '../form-body.ts';
import { ownPath } from '../return-path.ts';
import { hiddenField, problemBox, textField } from './form-parts.ts';
import { html } from './html.ts';
import { seeOther, sendPage } from './layout.ts';
import { sendNoSignOn, signInPath } from './organization-sign-in.ts';
import { visitorOf } from './visitor.ts';

/** `GET /sign-in`: the forms; with `organization` (a slug or a work e-mail) the way on. */
export const getSignIn =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const returnTo = ownPath(queryText(req, 'return_to'));
    const asked = queryText(req, 'organization')?.trim() ?? '';
    if (asked !== '') return moveOn(res, await pathFor(deps, asked, returnTo));
    if (returnTo === null && (await visitorOf(deps, req)) !== undefined) return seeOther(res, '/');
    sendSignIn(res, { returnTo });
  };

/** Where the organization signs in; undefined when an address is of no proved domain. A slug is not looked up here. */
async function pathFor(deps: HttpDeps, asked: string, returnTo: string | null): Promise<string | undefined> {
  if (!asked.includes('@')) return signInPath(asked.toLowerCase(), { returnTo });
  const domain = domainOf(asked);
  const proved = domain === '' ? undefined : await deps.storage.domains.findVerified(domain);
  const organization = proved && (await deps.storage.organizations.find(proved.organizationId));
  return organization && signInPath(organization.slug, { returnTo, loginHint: asked });
}

/**
 * A page that moves on by itself: browsers hold the policy `form-action 'self'` against every redirect that follows a
 * form, so a redirect from here to an identity provider would be stopped. A move of the page is not.
 */
function moveOn(res: Response, path: string | undefined): void {
  if (path === undefined) {
    sendNoSignOn(res);
    return;
  }
  sendPage(res, {
    title: 'One moment',
    body: html`<p>You are on your way to your organization's sign-in.</p><p><a class="button" href="${path}">Continue</a></p>`,
    movesOnTo: path,
  });
}

export interface SignInForm {
  /** From `ownPath`. */
  readonly returnTo: string | null;
  /** What was typed before. */
  readonly email?: string;
  readonly problem?: string;
  /** 200 if absent. */
  readonly status?: number;
}

/** Sends the sign-in page. */
export function sendSignIn(res: Response, { returnTo, email, problem, status = 200 }: SignInForm): void {
  sendPage(res, {
    title: 'Sign in',
    status,
    body: html`${problemBox(problem)}
<form method="get" action="/sign-in" name="organization">
<h2>Through your organization</h2>
${hiddenField('return_to', returnTo)}
${textField({
  name: 'organization',
  label: 'Work e-mail or organization',
  autocomplete: 'username',
  hint: 'For example ada@example.com, or the short name of your organization.',
})}
<button type="submit">Continue</button>
</form>
<form method="post" action="/sign-in/password" name="password">
<h2>With a password</h2>
${hiddenField('return_to', returnTo)}
${textField({ name: 'email', label: 'E-mail', type: 'email', autocomplete: 'username', value: email ?? '' })}
${textField({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password' })}
<button class="second" type="submit">Sign in with password</button>
</form>`,
  });
}
