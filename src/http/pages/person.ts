/** The person's own page: who you are, in which organization, with which roles, and why. */

import type { RequestHandler } from 'express';
import { type ExplainedGrant, explainMember } from '../../core/access/explain.ts';
import { roleName, roleWord } from '../../core/access/role-table.ts';
import { shownAddress } from '../../core/members/own-account.ts';
import type { MembershipId } from '../../kernel/ids.ts';
import type { HttpDeps } from '../deps.ts';
import { connectForms } from './connect.ts';
import { hiddenField } from './form-parts.ts';
import { type Html, html, isolated } from './html.ts';
import { logoOf, seeOther, sendPage } from './layout.ts';
import { otherOrganizations, ownSessions } from './own-sessions.ts';
import { type Visitor, visitorOf } from './visitor.ts';

/** `GET /`: the page, or the way to the sign-in page for strangers. */
export const getPerson =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const visitor = await visitorOf(deps, req);
    if (visitor === undefined) return seeOther(res, '/sign-in');
    const { organization } = visitor.signedIn;
    const body = await describe(deps, visitor);
    sendPage(res, { title: 'Your access', of: organization, logo: logoOf(organization), body });
  };

async function describe(deps: HttpDeps, visitor: Visitor): Promise<Html> {
  const { membership, organization } = visitor.signedIn;
  const request = { organizationId: organization.id, id: membership.id };
  const { orgRole, teams, resources } = await explainMember(deps, request);
  const because = reasonsFor(membership.id);
  return html`<dl>
<dt>Name</dt><dd>${isolated(membership.name)}</dd>
<dt>E-mail</dt><dd>${isolated(shownAddress(visitor.signedIn) ?? 'none')}</dd>
<dt>Organization</dt><dd>${isolated(organization.name)}</dd>
<dt>Signed in</dt><dd>${await wayIn(deps, visitor)}</dd>
</dl>
<p><a href="/account">Your account: name, picture, how you sign in</a></p>
<h2>Your role: <span class="tag">${isolated(await roleName(deps.storage, membership.orgRole))}</span></h2>
${because(orgRole.because)}
<h2>Your teams</h2>
${
  teams.length === 0
    ? html`<p>You are in no team.</p>`
    : teams.map(
        (team) => html`<p>${isolated(team.name)}: <span class="tag">${roleWord(team.role)}</span></p>
${because(team.because)}`,
      )
}
${
  resources.length > 0 &&
  html`<h2>Your roles on single things</h2>
${resources.map(
  ({
    resource,
    role,
    because: grants,
  }) => html`<p>${isolated(`${resource.type} ${resource.id}`)}: <span class="tag">${roleWord(role)}</span></p>
${because(grants)}`,
)}`
}
${await otherOrganizations(deps, visitor)}
${await ownSessions(deps, visitor)}
${await connectForms(deps, visitor)}
${signOutForm(visitor)}`;
}

async function wayIn(deps: HttpDeps, { signedIn }: Visitor): Promise<Html> {
  const { session, organization } = signedIn;
  const at = `${new Date(session.authenticatedAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const connection =
    session.connectionId === null
      ? undefined
      : await deps.storage.connections.find(organization.id, session.connectionId);
  return connection === undefined ? html`${at}` : html`${at}, through ${isolated(connection.name)}`;
}

/** Why somebody has a role, told to themselves. */
const reasonsFor =
  (self: MembershipId) =>
  (grants: readonly ExplainedGrant[]): Html | null =>
    grants.length === 0
      ? null
      : html`<ul>${grants.map((grant) => html`<li>${isolated(toldToYou(grant, self))}</li>`)}</ul>`;

function toldToYou({ source, sentence }: ExplainedGrant, self: MembershipId): string {
  if (source.kind === 'invitation') return 'Given by the invitation you accepted.';
  return source.kind === 'manual' && source.actor === self ? 'Given by you.' : sentence;
}

/** The button that signs out; `returnTo` (a path of ours) is where the browser goes then, the sign-in page if absent. */
export function signOutForm(visitor: Visitor, returnTo: string | null = null): Html {
  return html`<form method="post" action="/sign-out" name="sign-out">
${hiddenField('csrf', visitor.csrf)}
${hiddenField('return_to', returnTo)}
<button class="second" type="submit">Sign out</button>
</form>`;
}
