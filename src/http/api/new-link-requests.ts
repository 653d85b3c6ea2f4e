/** Asking for a new invitation or link over the management API: the same answer whatever the old one is worth. */

import { assertInvitationsOpen } from '../../core/directory/provisioning.ts';
import { findByLink } from '../../core/joining/invitation-links.ts';
import { askForNewLink } from '../../core/joining/new-link-requests.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import type { HttpDeps } from '../deps.ts';
import type { ApiRoute } from './route.ts';
import { plainRoute } from './route.ts';

const tag = 'invitations';
const guard = { kind: 'public' } as const;

/** Law 11: while a directory rules, whoever asks hears whom to ask. */
async function assertDoorIsOpen(
  { storage }: Pick<HttpDeps, 'storage'>,
  id: OrganizationId | undefined,
): Promise<void> {
  const organization = id && (await storage.organizations.find(id));
  if (organization !== undefined) await assertInvitationsOpen(storage, organization);
}

/** All routes of this resource. */
export const newLinkRequestRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'post',
    path: '/invitations/:token/new-link-request',
    operationId: 'askForNewInvitation',
    summary:
      'Tells whoever invited, once, that an invitation works no more and its holder would like a new one.',
    tag,
    guard,
    status: 204,
    errors: ['invitations_disabled'],
    handle: async ({ deps, cause }, { params }) => {
      const token = params.token ?? '';
      const opened = await findByLink(deps.storage, deps.hashToken, token);
      await assertDoorIsOpen(deps, opened?.invitation.organizationId);
      await askForNewLink(deps, { token, cause });
    },
  }),
  plainRoute({
    method: 'post',
    path: '/invitation-links/:token/new-link-request',
    operationId: 'askForNewInvitationLink',
    summary: 'Tells whoever made a link, once, that it works no more and somebody would like a new one.',
    tag,
    guard,
    status: 204,
    errors: ['invitations_disabled'],
    handle: async ({ deps, cause }, { params }) => {
      const token = params.token ?? '';
      const link = await deps.storage.shareableLinks.findByTokenHash(deps.hashToken(token));
      await assertDoorIsOpen(deps, link?.organizationId);
      await askForNewLink(deps, { token, cause });
    },
  }),
];
