/** What the pages that let somebody in have in common: what their forms carry, and what is said when it did not work. */
import type { Request, RequestHandler, Response } from 'express';
import { passwordProblem } from '../../core/credentials/password-rules.ts';
import type { Acceptor } from '../../core/joining/joining-people.ts';
import { askForNewLink } from '../../core/joining/new-link-requests.ts';
import { isGatehouseError } from '../../kernel/errors.ts';
import { pictureAddress } from '../api/fields.ts';
import type { HttpDeps } from '../deps.ts';
import { formText, queryText } from '../form-body.ts';
import { causeOf } from '../request-facts.ts';
import { hiddenField } from './form-parts.ts';
import { html, isolated } from './html.ts';
import { accountOf, type JoiningProblem, type TypedPerson } from './invitation-view.ts';
import { seeOther, sendPage } from './layout.ts';
import { shownPath } from './opened-links.ts';
import { assertNone, faultsOfSeen, isName, typedSeen, typedText } from './seen-fields.ts';
import { assertNotForeign, assertOwnForm, type Visitor, visitorOf } from './visitor.ts';

/** Somebody at such a page. */
export interface Visit {
  readonly req: Request;
  readonly res: Response;
  /** Absent: nobody is signed in. */
  readonly visitor: Visitor | undefined;
  /** 200 if absent. */
  readonly status?: number;
  readonly problem?: JoiningProblem;
}

type Visited = (deps: HttpDeps, visit: Visit) => Promise<void>;

/** Shows the page; whatever lets nobody in looks like an unknown token (S165). */
export const joiningPage =
  (deps: HttpDeps, show: Visited): RequestHandler =>
  async (req, res) =>
    showOrRefuse(deps, { req, res, visitor: await visitorOf(deps, req) }, show);

/**
 * Does what the form of such a page asks, from a page of ours only (S186); what the person can mend is shown with the page again.
 * The form of a dead page asks for a new link.
 */
export const joiningForm =
  (deps: HttpDeps, { act, show }: { readonly act: Visited; readonly show: Visited }): RequestHandler =>
  async (req, res) => {
    assertNotForeign(deps, req);
    if (formText(req, 'ask') === 'new') return postAsk(deps, req, res);
    const visitor = await visitorOf(deps, req);
    if (visitor !== undefined) assertOwnForm(req, visitor);
    const visit = { req, res, visitor };
    try {
      await act(deps, visit);
    } catch (error) {
      const outcome = joiningProblem(error);
      if (outcome === 'dead') return sendDeadLink(req, res);
      await showOrRefuse(deps, { ...visit, ...outcome }, show);
    }
  };

async function showOrRefuse(deps: HttpDeps, visit: Visit, show: Visited): Promise<void> {
  try {
    await show(deps, visit);
  } catch (error) {
    if (joiningProblem(error) !== 'dead') throw error;
    sendDeadLink(visit.req, visit.res);
  }
}

/**
 * Who posts the form. The name is asked of new people only; who has an account keeps the one it has. `door` is what the page
 * shows, undefined for a dead link: of that nothing is said, not even that a name was missing. Throws `invalid` (field `name`).
 */
export function acceptorOf(
  req: Request,
  visitor: Visitor | undefined,
  door: { readonly email: string; readonly hasAccount: boolean } | undefined,
): Acceptor {
  if (visitor !== undefined) return { kind: 'signed_in', signedIn: visitor.signedIn };
  const password = formText(req, 'password') ?? '';
  const code = formText(req, 'code');
  if (door?.hasAccount === true) return { kind: 'new', password, code };
  const typed = typedPerson(req);
  if (door !== undefined) assertFits(typed, password);
  const displayName = typed.displayName === '' ? undefined : typed.displayName;
  return { kind: 'new', name: typed.name, displayName, avatarUrl: pictureAddress(typed.avatarUrl), password };
}

/** What somebody new wrote about themselves. */
export function typedPerson(req: Request): TypedPerson {
  return { name: typedText(req, 'name'), ...typedSeen(req) };
}

/** Throws `invalid` with every field at fault; what a password may not be made of is looked into when one joins. */
function assertFits({ name, ...seen }: TypedPerson, password: string): void {
  const broken = passwordProblem(password.normalize('NFC'));
  assertNone([
    ...(isName(name) ? [] : [{ field: 'name', rule: 'Please enter your name, at most 200 characters.' }]),
    ...faultsOfSeen(seen),
    ...(broken === undefined ? [] : [{ field: 'password', rule: broken }]),
  ]);
}

/** The page again, with what the person can mend beside the form. */
interface Mendable {
  readonly status: number;
  readonly problem?: JoiningProblem;
}

/**
 * What becomes of an error: `dead` for a door that looks like one that never was (S165), the page again for what the person
 * can mend. Anything else is thrown on, to the error page.
 */
function joiningProblem(error: unknown): 'dead' | Mendable {
  if (!isGatehouseError(error)) throw error;
  switch (error.code) {
    case 'not_found':
    case 'invitation_used':
    case 'invitation_revoked':
    case 'invitation_expired':
    case 'invitations_disabled':
      return 'dead';
    case 'invalid':
      return { status: 422, problem: { text: error.detail, field: error.field, faults: error.faults } };
    // The page itself says what to do: sign out and come back as the right person.
    case 'forbidden':
      return { status: 403 };
    case 'already_exists':
      return { status: 401, problem: WRONG_PASSWORD };
    case 'second_factor_required':
      return { status: 401, problem: { text: error.detail, field: 'code' } };
    case 'already_member':
    case 'seats_exhausted':
      return { status: 409, problem: { text: ASK[error.code] } };
    default:
      throw error;
  }
}

const WRONG_PASSWORD = { text: 'This is not the password of that account.', field: 'password' } as const;

const ASK = {
  already_member: 'You are already a member of this organization.',
  seats_exhausted:
    'All seats of this organization are taken, so you cannot join yet. Ask the person who invited you to make room, then come back: the invitation still works.',
} as const;

/**
 * One page for whatever does not work any more, or never did (S165). Its form is posted to the page's own address: the page
 * itself is the same for every token.
 */
export function sendDeadLink(req: Request, res: Response): void {
  if (queryText(req, 'asked') !== undefined) {
    sendAsked(res);
    return;
  }
  sendPage(res, {
    title: 'This invitation does not work',
    status: 404,
    body: html`<p>An invitation works once and for a limited time. It was used, withdrawn or replaced, its time is over, or the organization takes nobody in this way any more, or no longer exists. Ask whoever invited you; or let us pass your wish for a new one on, if there is still somebody to pass it on to:</p>
<form method="post" name="ask">
${hiddenField('ask', 'new')}
<button type="submit">Ask for a new invitation</button>
</form>
<p><a href="/sign-in">To the sign-in page</a></p>`,
  });
}

/** What to do next, for somebody whose address was sent a proof. */
export function sendMailSent(res: Response, path: string, visitor: Visitor | undefined): void {
  sendPage(res, {
    title: 'Look into your mailbox',
    body: html`<p>A mail with a link is on its way. The link works once, for one hour, and brings you back here to join${visitor !== undefined && html` as ${isolated(accountOf(visitor))}`}.</p>
<p class="quiet">Nothing there? Look into the spam folder, check the address, and <a href="${path}">try again</a>.</p>`,
  });
}

/** Has whoever invited told, and leads back to the same address: what it was worth is not said. */
async function postAsk(deps: HttpDeps, req: Request, res: Response): Promise<void> {
  const token = String(req.params.token);
  await askForNewLink(deps, { token, cause: causeOf(res, { kind: 'anonymous' }) });
  seeOther(res, `${shownPath(req)}?asked=yes`);
}

function sendAsked(res: Response): void {
  sendPage(res, {
    title: 'We pass it on where we can',
    body: html`<p>If you were invited with this link and the organization still invites people, whoever invited you is told, once, that you would like a new one. Only they can send it.</p>
<p class="quiet">We do not say here whether that was so. Nothing after a while? Ask them yourself.</p>
<p><a class="button" href="/sign-in">To the sign-in page</a></p>`,
  });
}
