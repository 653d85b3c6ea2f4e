/** A signed-in member connects their company sign-in to themselves: a form on their own page, and the way to the identity provider. */
import type { RequestHandler } from 'express';
import { passwordAllowedFor } from '../../core/connections/sso-policy.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { parseId } from '../../kernel/ids.ts';
import type { HttpDeps } from '../deps.ts';
import { formText } from '../form-body.ts';
import { startSignIn } from '../sign-in-start.ts';
import { hiddenField } from './form-parts.ts';
import { type Html, html, isolated } from './html.ts';
import { assertOwnForm, type Visitor, visitorOf } from './visitor.ts';

/**
 * What the person's page offers: one button for each active connection they are not connected to yet. Nothing for people of a
 * directory, which says itself who is who.
 */
export async function connectForms(deps: HttpDeps, visitor: Visitor): Promise<Html | null> {
  const { organization, membership } = visitor.signedIn;
  if (!passwordAllowedFor(organization, 'obtain')) return null;
  const bound = await deps.storage.identities.listByMembership(organization.id, membership.id);
  const connections = await deps.storage.connections.list(organization.id);
  const open = connections.filter(
    ({ id, status }) => status === 'active' && bound.every(({ connectionId }) => connectionId !== id),
  );
  if (open.length === 0) return null;
  return html`<h2>Company sign-in</h2>
<p>Connect it to sign in through your company from now on. It must know you by the address shown above.</p>
${open.map(
  ({ id, name }) => html`<form method="post" action="/sign-in/connect" name="connect">
${hiddenField('csrf', visitor.csrf)}
${hiddenField('connection', id)}
<button class="second" type="submit">Connect ${isolated(name)}</button>
</form>`,
)}`;
}

/** `POST /sign-in/connect`: on to the identity provider. Throws `unauthenticated`, `forbidden`, `not_found`, `sign_in_refused`. */
export const postConnect =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const visitor = await visitorOf(deps, req);
    if (visitor === undefined) throw new GatehouseError('unauthenticated', 'Sign in first.');
    assertOwnForm(req, visitor);
    const { organization, membership } = visitor.signedIn;
    const id = parseId('con', formText(req, 'connection') ?? '');
    const connection = id && (await deps.storage.connections.find(organization.id, id));
    if (connection === undefined) throw new GatehouseError('not_found', 'No such connection.');
    await startSignIn(deps, res, {
      ...{ connection, returnTo: '/', loginHint: membership.email ?? undefined, followsForm: true },
      purpose: { kind: 'connect', membershipId: membership.id },
    });
  };
