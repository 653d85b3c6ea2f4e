/** Invitations in the browser: looking consumes nothing (S164); accepting is a form of ours, for whoever the link was sent to. */
import type { Request, RequestHandler, Response } from 'express';
import { isOwnProof } from '../../core/connections/sso-policy.ts';
import type { Invitation } from '../../core/entities/invitation.ts';
import type { Organization } from '../../core/entities/organization.ts';
import {
  acceptInvitation,
  hasAccepted,
  previewInvitation,
  previewProvedInvitation,
  requestInvitedAddressProof,
} from '../../core/joining/invitation-acceptance.ts';
import { connectionsToJoinBy, joiningPurpose } from '../../core/joining/joining-by-sign-on.ts';
import { readJoiningOffer } from '../../core/joining/joining-offer.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { formText, queryText } from '../form-body.ts';
import { causeOf } from '../request-facts.ts';
import { enterSession } from '../session-cookie.ts';
import { startSignIn } from '../sign-in-start.ts';
import { html, isolated } from './html.ts';
import { invitationBody } from './invitation-view.ts';
import {
  acceptorOf,
  joiningForm,
  joiningPage,
  sendDeadLink,
  sendMailSent,
  typedPerson,
  type Visit,
} from './joining-forms.ts';
import { seeOther, sendPage } from './layout.ts';
import { shownPath } from './opened-links.ts';
import type { Visitor } from './visitor.ts';

/**
 * `GET /invitations/{token}`, and with `/{proof}` where the mail to the invited address leads: whatever is not pending looks like
 * an unknown token (S165). With `sent` what to do next.
 */
export const getInvitation = (deps: HttpDeps): RequestHandler => joiningPage(deps, showInvitation);

/**
 * `POST /invitations/{token}`, with or without `/{proof}`: 303 to the person's page, else the same page with what went wrong. With
 * `prove` somebody signed in as another address has a mail sent to the invited one (S160).
 */
export const postInvitation = (deps: HttpDeps): RequestHandler =>
  joiningForm(deps, {
    act: (_deps, visit) =>
      visit.visitor !== undefined && formText(visit.req, 'prove') === 'yes'
        ? prove(deps, visit, visit.visitor)
        : accept(deps, visit),
    show: showInvitation,
  });

/** On to the identity provider, which has the last word on who joins. Throws `not_found`, `forbidden`, `sign_in_refused`. */
async function joinThroughProvider(
  deps: HttpDeps,
  { req, res }: { readonly req: Request; readonly res: Response },
  joining: {
    readonly visitor: Visitor;
    readonly organization: Organization;
    readonly invitation: Invitation;
    readonly token: string;
  },
): Promise<void> {
  const { visitor, organization, invitation, token } = joining;
  const purpose = await joiningPurpose(deps, { token, signedIn: visitor.signedIn });
  const chosen = formText(req, 'connection');
  const open = await connectionsToJoinBy(deps, organization);
  const connection = open.find(({ id }) => id === chosen);
  if (connection === undefined) throw new GatehouseError('not_found', 'No such connection.');
  await startSignIn(deps, res, {
    ...{ connection, returnTo: '/', loginHint: invitation.email, followsForm: true },
    purpose,
  });
}

const tokenOf = (req: Request): string => String(req.params.token);
const proofOf = (req: Request): string | undefined =>
  typeof req.params.proof === 'string' ? req.params.proof : undefined;

/** What is known of the invitation and, behind the mail, of who asked for it. */
function preview(deps: HttpDeps, req: Request) {
  const [token, proof] = [tokenOf(req), proofOf(req)];
  return proof === undefined
    ? previewInvitation(deps, token)
    : previewProvedInvitation(deps, { token, proof });
}

async function accept(deps: HttpDeps, { req, res, visitor }: Visit): Promise<void> {
  const door = await preview(deps, req);
  if (door?.organization.ssoPolicy === 'required' && visitor !== undefined)
    return joinThroughProvider(deps, { req, res }, { ...door, visitor, token: tokenOf(req) });
  const { sessionToken } = await acceptInvitation(deps, {
    token: tokenOf(req),
    proof: proofOf(req),
    acceptor: acceptorOf(req, visitor, door && { ...door, email: door.invitation.email }),
    cause: causeOf(res, { kind: 'anonymous' }),
  });
  await enterSession(deps, { req, res }, sessionToken);
  seeOther(res, '/');
}

async function prove(deps: HttpDeps, { req, res }: Visit, visitor: Visitor): Promise<void> {
  const token = tokenOf(req);
  const cause = causeOf(res, { kind: 'anonymous' });
  await requestInvitedAddressProof(deps, { token, signedIn: visitor.signedIn, cause });
  seeOther(res, `${shownPath(req)}?sent=yes`);
}

/** Whoever joined by this very link is told so; to everybody else it looks like one that never was (S165). */
async function sendNothingToAccept(deps: HttpDeps, { req, res, visitor }: Visit): Promise<void> {
  const token = tokenOf(req);
  const isDone = visitor !== undefined && (await hasAccepted(deps, { token, signedIn: visitor.signedIn }));
  if (!isDone) return sendDeadLink(req, res);
  const { organization } = visitor.signedIn;
  const body = html`<p>You have joined ${isolated(organization.name)} with this invitation. There is nothing left to accept.</p>
<p><a class="button" href="/">Go on</a></p>`;
  sendPage(res, { title: 'You are a member already', of: organization, body });
}

async function showInvitation(deps: HttpDeps, visit: Visit): Promise<void> {
  const { req, res, visitor, status = 200, problem } = visit;
  const found = await preview(deps, req);
  if (found === undefined) return sendNothingToAccept(deps, visit);
  const { email, emailKey } = found.invitation;
  const proof = proofOf(req);
  const path = shownPath(req);
  if (queryText(req, 'sent') !== undefined && problem === undefined) return sendMailSent(res, path, visitor);
  const mayAskAs = proof === undefined && visitor !== undefined && isOwnProof(visitor.signedIn.session);
  const typed = typedPerson(req);
  const connections = await connectionsToJoinBy(deps, found.organization);
  const offer = await readJoiningOffer(deps.storage, found.invitation);
  const view = {
    ...found,
    offer,
    email,
    emailKey,
    mayAskAs,
    path,
    visitor,
    problem,
    typed,
    connections,
  };
  sendPage(res, { title: 'You are invited', of: view.organization, status, body: invitationBody(view) });
}
