/** Invitations in the browser: looking consumes nothing (S164); accepting is a form of ours, for whoever the link was sent to. */
import type { Request, RequestHandler, Response } from 'express';
import { acceptInvitation, previewInvitation } from '../../core/invitation-acceptance.ts';
import type { Acceptor } from '../../core/joining.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { formText } from '../form-body.ts';
import { causeOf } from '../request-facts.ts';
import { enterSession } from '../session-cookie.ts';
import { html } from './html.ts';
import { type InvitationProblem, invitationBody } from './invitation-view.ts';
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
    const visitor = await visitorOf(deps, req);
    assertNotForeign(deps, req);
    if (visitor !== undefined) assertOwnForm(req, visitor);
    try {
      const { sessionToken } = await acceptInvitation(deps, {
        token: String(req.params.token),
        acceptor: await acceptorOf(deps, req, visitor),
        cause: causeOf(res, { kind: 'anonymous' }),
      });
      await enterSession(deps, { req, res }, sessionToken);
      seeOther(res, '/');
    } catch (error) {
      await showProblem(deps, { req, res, visitor, error });
    }
  };

/** The name is asked of new people only; who has an account keeps the one it has. */
async function acceptorOf(deps: HttpDeps, req: Request, visitor: Visitor | undefined): Promise<Acceptor> {
  if (visitor !== undefined) return { kind: 'signed_in', signedIn: visitor.signedIn };
  const password = formText(req, 'password') ?? '';
  const code = formText(req, 'code');
  const preview = await previewInvitation(deps, String(req.params.token));
  if (preview?.hasAccount === true) return { kind: 'new', name: preview.invitation.email, password, code };
  const name = (formText(req, 'name') ?? '').normalize('NFC').trim();
  // Of a dead link nothing is said, not even that a name was missing.
  if (preview !== undefined && !isName(name))
    throw new GatehouseError('invalid', 'Please enter your name, at most 200 characters.', { field: 'name' });
  return { kind: 'new', name, password };
}

const isName = (text: string): boolean =>
  text !== '' && text.length <= 200 && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);

interface Showing {
  readonly req: Request;
  readonly res: Response;
  readonly visitor: Visitor | undefined;
  /** 200 if absent. */
  readonly status?: number;
  readonly problem?: InvitationProblem;
}

async function showInvitation(deps: HttpDeps, showing: Showing): Promise<void> {
  const { req, res, visitor, status = 200, problem } = showing;
  const token = String(req.params.token);
  const preview = await previewInvitation(deps, token);
  if (preview === undefined) return sendDeadLink(res);
  const path = `/invitations/${encodeURIComponent(token)}`;
  const typedName = formText(req, 'name') ?? '';
  sendPage(res, {
    title: 'You are invited',
    status,
    body: invitationBody({ ...preview, path, visitor, problem, typedName }),
  });
}

/** What the person can mend is said beside the form; a dead invitation looks like one that never was; the rest is an error page. */
async function showProblem(deps: HttpDeps, showing: Showing & { readonly error: unknown }): Promise<void> {
  const { error } = showing;
  if (!isGatehouseError(error)) throw error;
  switch (error.code) {
    case 'not_found':
    case 'invitation_used':
    case 'invitation_revoked':
    case 'invitation_expired':
    case 'invitations_disabled':
      return sendDeadLink(showing.res);
    case 'invalid':
      return showInvitation(deps, {
        ...showing,
        status: 422,
        problem: { text: error.detail, field: error.field },
      });
    // The page itself says what to do: sign out and come back as the invited person.
    case 'forbidden':
      return showInvitation(deps, { ...showing, status: 403 });
    case 'already_exists':
      return showInvitation(deps, { ...showing, status: 401, problem: WRONG_PASSWORD });
    case 'second_factor_required':
      return showInvitation(deps, {
        ...showing,
        status: 401,
        problem: { text: error.detail, field: 'code' },
      });
    case 'already_member':
    case 'seats_exhausted':
      return showInvitation(deps, { ...showing, status: 409, problem: { text: ASK[error.code] } });
    default:
      throw error;
  }
}

const WRONG_PASSWORD = { text: 'This is not the password of that account.', field: 'password' } as const;

const ASK = {
  already_member: 'You are already a member of this organization.',
  seats_exhausted: 'All seats of this organization are taken. Ask whoever invited you to free one.',
} as const;

function sendDeadLink(res: Response): void {
  sendPage(res, {
    title: 'This invitation does not work',
    status: 404,
    body: html`<p>An invitation works once and for a limited time. Ask whoever invited you for a new one.</p>
<p><a class="button" href="/sign-in">To the sign-in page</a></p>`,
  });
}
