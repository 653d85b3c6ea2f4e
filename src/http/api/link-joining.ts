/** Joining through a link that was passed on, over the management API: whoever holds it, with an address they have proved. */
import { z } from 'zod';
import { joinByLink, previewLink, requestAddressProof } from '../../core/joining/link-joining.ts';
import { signedInOf } from '../guards.ts';
import { emailField } from './fields.ts';
import {
  acceptorFrom,
  DEAD_DOOR,
  JOINING_ERRORS,
  joinedAnswer,
  joiningBody,
} from './invitation-acceptance.ts';
import { isoTime } from './present.ts';
import type { ApiRoute } from './route.ts';
import { plainRoute } from './route.ts';
import { acceptedShape, orgRoleShape, timeShape } from './shapes.ts';

const tag = 'invitations';
const guard = { kind: 'public' } as const;
const joining = { ...guard, door: previewLink } as const;
const joinBody = joiningBody(
  'What the mailed link ends with; not needed by whoever is signed in with a proved address.',
);

const linkShape = z.object({
  organization: z.object({ name: z.string() }),
  role: orgRoleShape,
  domains: z.array(z.string()).describe('Only addresses of these domains may join; any if empty.'),
  expiresAt: timeShape,
});

/** All routes of this resource. */
export const linkJoiningRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'get',
    path: '/invitation-links/:token',
    operationId: 'previewInvitationLink',
    summary: 'Tells the holder of a link what it is for; looking consumes nothing.',
    tag,
    guard,
    status: 200,
    response: linkShape,
    errors: DEAD_DOOR,
    handle: async ({ deps }, { params }) => {
      const { link, organization } = await previewLink(deps, params.token ?? '');
      const { role, domains, expiresAt } = link;
      return { organization: { name: organization.name }, role, domains, expiresAt: isoTime(expiresAt) };
    },
  }),
  plainRoute({
    method: 'post',
    path: '/invitation-links/:token/proofs',
    operationId: 'requestAddressProof',
    summary: 'Mails a proof to the address somebody wants to join with; the same answer for every address.',
    tag,
    guard: joining,
    body: z.strictObject({ email: emailField }),
    status: 204,
    errors: [...DEAD_DOOR, 'forbidden', 'too_many_requests'],
    handle: async ({ deps, req, cause }, { params, body }) => {
      const signedIn = await signedInOf(deps, req);
      await requestAddressProof(deps, { token: params.token ?? '', email: body.email, signedIn, cause });
    },
  }),
  plainRoute({
    method: 'post',
    path: '/invitation-links/:token/accept',
    operationId: 'joinByInvitationLink',
    summary: 'Joins through a link and signs the person in: the answer sets the session cookie.',
    tag,
    guard: joining,
    body: joinBody,
    status: 200,
    response: acceptedShape,
    errors: JOINING_ERRORS,
    handle: async (context, { params, body }) => {
      const { deps, cause } = context;
      const token = params.token ?? '';
      const { proof, ...person } = body ?? {};
      const acceptor = await acceptorFrom(context, person);
      return joinedAnswer(context, await joinByLink(deps, { token, proof, acceptor, cause }));
    },
  }),
];
