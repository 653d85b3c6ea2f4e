/** The part of the person's page about where they are signed in, and where else they may go; and what its buttons do. */

import type { RequestHandler } from 'express';
import type { Session } from '../../core/entities/session.ts';
import { shownAddress } from '../../core/members/own-account.ts';
import { switchOrganization } from '../../core/sign-in/organization-switch.ts';
import {
  endOtherSessions,
  endOwnSession,
  goesOnElsewhere,
  listOwnSessions,
  membershipsInReach,
} from '../../core/sign-in/own-sessions.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { parseId } from '../../kernel/ids.ts';
import type { HttpDeps } from '../deps.ts';
import { deviceName } from '../device-name.ts';
import { formText } from '../form-body.ts';
import { causeOf } from '../request-facts.ts';
import { clearSessionCookie, setSessionCookie } from '../session-cookie.ts';
import { hiddenField } from './form-parts.ts';
import { type Html, html, isolated } from './html.ts';
import { seeOther, sendPage } from './layout.ts';
import { assertOwnForm, type Visitor, visitorOf } from './visitor.ts';

const minuteOf = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** A list of the person's sessions, each with the button that ends it, and one that ends all others. */
export async function ownSessions(deps: HttpDeps, visitor: Visitor): Promise<Html> {
  const sessions = await listOwnSessions(deps, visitor.signedIn);
  const leftOver = sessions.length === 1 && (await goesOnElsewhere(deps, visitor.signedIn));
  const items = sessions.map((session) => sessionItem(session, visitor));
  return html`<h2>Where you are signed in</h2>
<ul class="sessions">${items}</ul>
${leftOver && html`<p class="quiet">An application goes on for you from a session that is over. This ends it, too.</p>`}
${
  (sessions.length > 1 || leftOver) &&
  html`<form method="post" action="/own-sessions" name="end-others">
${hiddenField('csrf', visitor.csrf)}
${hiddenField('session', 'others')}
<button class="second" type="submit">Sign out everywhere else</button>
</form>`
}`;
}

function sessionItem(session: Session, { csrf, signedIn }: Visitor): Html {
  const isCurrent = session.id === signedIn.session.id;
  const device = deviceName(session.userAgent) ?? 'Unknown program';
  return html`<li><p>${isolated(device)}${isCurrent && html` <span class="tag">this one</span>`}</p>
<p class="quiet">Since ${minuteOf(session.createdAt)}${session.ip !== null && html` from ${session.ip}`}, last used ${minuteOf(session.lastSeenAt)}</p>
${
  !isCurrent &&
  html`<form method="post" action="/own-sessions" name="end-${session.id}">
${hiddenField('csrf', csrf)}
${hiddenField('session', session.id)}
<button class="second" type="submit" aria-label="End it: ${device}, since ${minuteOf(session.createdAt)}">End it</button>
</form>`
}</li>
`;
}

/** The other organizations the person may go to; nothing when there is none. */
export async function otherOrganizations(deps: HttpDeps, visitor: Visitor): Promise<Html | null> {
  const memberships = await membershipsInReach(deps.storage, visitor.signedIn);
  const others = memberships.filter(({ id }) => id !== visitor.signedIn.membership.id);
  if (others.length === 0) return null;
  const found = await Promise.all(
    others.map(({ organizationId }) => deps.storage.organizations.find(organizationId)),
  );
  const choices = found.map(
    (organization) =>
      organization &&
      html`<li><form method="post" action="/switch-organization" name="switch-${organization.slug}">
${hiddenField('csrf', visitor.csrf)}
${hiddenField('organization', organization.id)}
<button class="second" type="submit">${isolated(organization.name)}</button>
</form></li>`,
  );
  return html`<h2>Your other organizations</h2>
<ul class="choices">${choices}</ul>`;
}

/** The visitor of a posted form of ours. Throws `unauthenticated`, `forbidden` (S186). */
async function actor(deps: HttpDeps, ...[req, res]: Parameters<RequestHandler>) {
  const visitor = await visitorOf(deps, req);
  if (visitor === undefined) throw new GatehouseError('unauthenticated', 'Sign in first.');
  assertOwnForm(req, visitor);
  const { user, membership } = visitor.signedIn;
  const email = shownAddress(visitor.signedIn);
  const cause = causeOf(res, { kind: 'member', userId: user.id, membershipId: membership.id, email });
  return { signedIn: visitor.signedIn, cause };
}

/** `POST /own-sessions` with `session`, an id or `others`: 303 to the person's page. */
export const postOwnSessions =
  (deps: HttpDeps): RequestHandler =>
  async (...exchange) => {
    const [req, res] = exchange;
    const acting = await actor(deps, ...exchange);
    const named = formText(req, 'session') ?? '';
    if (named === 'others') await endOtherSessions(deps, acting);
    else {
      const id = parseId('ses', named);
      if (id === undefined) throw new GatehouseError('not_found', 'No such session.');
      await endOwnSession(deps, { ...acting, id });
      if (id === acting.signedIn.session.id) clearSessionCookie(res);
    }
    seeOther(res, '/');
  };

/** `POST /switch-organization` with `organization`: 303 to the person's page there, or on to that organization's own sign-in. */
export const postSwitchOrganization =
  (deps: HttpDeps): RequestHandler =>
  async (...exchange) => {
    const [req, res] = exchange;
    const acting = await actor(deps, ...exchange);
    try {
      const reference = formText(req, 'organization') ?? '';
      const { sessionToken } = await switchOrganization(deps, { ...acting, reference });
      setSessionCookie(res, sessionToken);
      seeOther(res, '/');
    } catch (error) {
      if (!isGatehouseError(error, 'sso_required') || error.url === undefined) throw error;
      const { pathname } = new URL(error.url);
      sendPage(res, {
        title: 'One moment',
        body: html`<p>${error.detail}</p><p><a class="button" href="${pathname}">Continue</a></p>`,
        // Not a redirect: the browser would hold this page's form-action against the identity provider.
        movesOnTo: pathname,
      });
    }
  };
