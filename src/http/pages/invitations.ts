/** Invitations in the browser: looking consumes nothing (S164); accepting is a form of ours, for whoever the link was sent to. */
import type { Request, RequestHandler, Response } from 'express';
import { acceptInvitation, previewInvitation } from '../../core/invitation-acceptance.ts';
import type { HttpDeps } from '../deps.ts';
import { formText } from '../form-body.ts';
import { causeOf } from '../request-facts.ts';
import { enterSession } from '../session-cookie.ts';
import { invitationBody, type JoiningProblem } from './invitation-view.ts';
import { acceptorOf, asksForNewLink, joiningProblem, postAsk, sendDeadLink } from './joining-forms.ts';
import { seeOther, sendPage } from './layout.ts';
import { assertNotForeign, assertOwnForm, type Visitor, visitorOf } from './visitor.ts';

/** `GET /invitations/{token}`: whatever is not pending looks like an unknown token (S165). */
export const getInvitation =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    await showInvitation(deps, { req, res, visitor: await visitorOf(deps, req) });
  };

/** `POST /invitations/{token}`: 303 to the person's page, else the same page with what went wrong. */
export const postInvitation =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    assertNotForeign(deps, req);
    if (asksForNewLink(req)) return postAsk(deps, req, res);
    const visitor = await visitorOf(deps, req);
    if (visitor !== undefined) assertOwnForm(req, visitor);
    try {
      const token = String(req.params.token);
      const preview = await previewInvitation(deps, token);
      const { sessionToken } = await acceptInvitation(deps, {
        token,
        acceptor: acceptorOf(req, visitor, preview && { ...preview, email: preview.invitation.email }),
        cause: causeOf(res, { kind: 'anonymous' }),
      });
      await enterSession(deps, { req, res }, sessionToken);
      seeOther(res, '/');
    } catch (error) {
      const outcome = joiningProblem(error);
      if (outcome === 'dead') return sendDeadLink(req, res);
      await showInvitation(deps, { req, res, visitor, ...outcome });
    }
  };

interface Showing {
  readonly req: Request;
  readonly res: Response;
  readonly visitor: Visitor | undefined;
  /** 200 if absent. */
  readonly status?: number;
  readonly problem?: JoiningProblem;
}

async function showInvitation(deps: HttpDeps, showing: Showing): Promise<void> {
  const { req, res, visitor, status = 200, problem } = showing;
  const token = String(req.params.token);
  const preview = await previewInvitation(deps, token);
  if (preview === undefined) return sendDeadLink(req, res);
  const { email, emailKey } = preview.invitation;
  const path = `/invitations/${encodeURIComponent(token)}`;
  const typedName = formText(req, 'name') ?? '';
  sendPage(res, {
    title: 'You are invited',
    status,
    body: invitationBody({ ...preview, email, emailKey, path, visitor, problem, typedName }),
  });
}
