/** Accepting an invitation over the management API: whoever holds the link, as a new person or as the one signed in. */
import { z } from 'zod';
import { assertInvitationsOpen } from '../../core/directory/provisioning.ts';
import { acceptInvitation, requestInvitedAddressProof } from '../../core/joining/invitation-acceptance.ts';
import { findByLink } from '../../core/joining/invitation-links.ts';
import type { Joined } from '../../core/joining/joining.ts';
import type { Acceptor } from '../../core/joining/joining-people.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { signedInOf } from '../guards.ts';
import { enterSession } from '../session-cookie.ts';
import { nameField, pictureField } from './fields.ts';
import type { ApiContext, ApiRoute } from './route.ts';
import { plainRoute } from './route.ts';
import { acceptedShape } from './shapes.ts';

/** Errors of a door that lets nobody in any more, or never did. */
export const DEAD_DOOR = [
  'not_found',
  'invitation_expired',
  'invitation_revoked',
  'invitation_used',
  'invitations_disabled',
] as const;

/** Errors of joining an organization, whatever leads to it. */
export const JOINING_ERRORS = [
  ...DEAD_DOOR,
  'unauthenticated',
  'forbidden',
  'already_exists',
  'already_member',
  'seats_exhausted',
  'sso_required',
  'version_conflict',
  'too_many_requests',
  'second_factor_required',
] as const;

/** What somebody says of themselves who is not signed in, and the proof of an address, of which `proof` says whose it is. */
export const joiningBody = (proof: string) =>
  z
    .strictObject({
      proof: z.string().max(200).optional().describe(proof),
      name: nameField.optional(),
      displayName: nameField.optional().describe('What this organization sees; absent: the name.'),
      avatarUrl: pictureField
        .optional()
        .describe('Of a new account: the https address of a picture, which Gatehouse never loads.'),
      // The rule for passwords is core's; the bound only keeps absurd ones away from it (S183).
      password: z.string().max(2048, 'At most 512 characters.').optional(),
      code: z.string().max(64).optional(),
    })
    .refine(
      ({ name, password }) => name === undefined || password !== undefined,
      'A name goes with a password; give neither for a session.',
    )
    .refine(
      ({ password, displayName, avatarUrl }) =>
        password !== undefined || (displayName === undefined && avatarUrl === undefined),
      'displayName and avatarUrl go with name and password.',
    )
    .optional();

const acceptBody = joiningBody(
  'What the mail to the invited address ends with, for whoever is signed in with another address.',
);

/** A password is an explicit choice to be whoever it is of, or somebody new, whoever is signed in (S160). Throws `unauthenticated` without either. */
export async function acceptorFrom(
  { deps, req }: ApiContext,
  body: Omit<NonNullable<z.output<typeof acceptBody>>, 'proof'> | undefined,
): Promise<Acceptor> {
  // Read first: a cookie that rides along must come from our own pages, whatever the body says (S186).
  const signedIn = await signedInOf(deps, req);
  const { password, ...more } = body ?? {};
  if (password !== undefined) return { kind: 'new', password, ...more };
  if (signedIn !== undefined) return { kind: 'signed_in', signedIn };
  throw new GatehouseError('unauthenticated', 'Give a name and a password, or sign in first.', {
    whatToDo: 'Send name and password, or the session cookie of whoever it is for.',
  });
}

/** What joining answers, with the session cookie set; the session that the browser showed before ends (S184). */
export async function joinedAnswer(
  { deps, req, res }: ApiContext,
  { sessionToken, membership, organization }: Joined,
): Promise<z.infer<typeof acceptedShape>> {
  await enterSession(deps, { req, res }, sessionToken);
  const { id, slug } = organization;
  return { membershipId: membership.id, organization: { id, slug }, orgRole: membership.orgRole };
}

/** Law 11: an invitation that died at the switch is told why, and whom to ask, as long as the directory rules. */
async function assertDoorIsOpen(
  { storage, hashToken }: Pick<HttpDeps, 'storage' | 'hashToken'>,
  token: string,
): Promise<void> {
  const opened = await findByLink(storage, hashToken, token);
  if (opened === undefined) return;
  const { invitation } = opened;
  const organization = await storage.organizations.find(invitation.organizationId);
  if (organization !== undefined) await assertInvitationsOpen(storage, organization);
}

const guard = { kind: 'public', door: assertDoorIsOpen } as const;

/** All routes of this resource. */
export const invitationAcceptanceRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'post',
    path: '/invitations/:token/accept',
    operationId: 'acceptInvitation',
    summary: 'Accepts an invitation, once, and signs the person in: the answer sets the session cookie.',
    tag: 'invitations',
    guard,
    body: acceptBody,
    status: 200,
    response: acceptedShape,
    errors: JOINING_ERRORS,
    handle: async (context, { params, body }) => {
      const { deps, cause } = context;
      const token = params.token ?? '';
      const acceptor = await acceptorFrom(context, body);
      const accepted = await acceptInvitation(deps, { token, proof: body?.proof, acceptor, cause });
      return joinedAnswer(context, accepted);
    },
  }),
  plainRoute({
    method: 'post',
    path: '/invitations/:token/proofs',
    operationId: 'requestInvitedAddressProof',
    summary:
      'Mails a proof to the invited address, for somebody signed in with another one who wants to join as who they are.',
    tag: 'invitations',
    guard,
    status: 204,
    errors: ['unauthenticated', 'forbidden', 'not_found', 'invitations_disabled', 'too_many_requests'],
    handle: async ({ deps, req, cause }, { params }) => {
      const token = params.token ?? '';
      const signedIn = await signedInOf(deps, req);
      if (signedIn === undefined)
        throw new GatehouseError('unauthenticated', 'Sign in first.', {
          whatToDo: 'Sign in, then send the request with the session cookie.',
        });
      await requestInvitedAddressProof(deps, { token, signedIn, cause });
    },
  }),
];
