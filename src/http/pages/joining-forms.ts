/** What the pages that let somebody in have in common: what their forms carry, and what is said when it did not work. */
import type { Request, Response } from 'express';
import type { Acceptor } from '../../core/joining.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { formText } from '../form-body.ts';
import { html } from './html.ts';
import type { JoiningProblem } from './invitation-view.ts';
import { sendPage } from './layout.ts';
import type { Visitor } from './visitor.ts';

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
  if (door?.hasAccount === true) return { kind: 'new', name: door.email, password, code };
  const name = (formText(req, 'name') ?? '').normalize('NFC').trim();
  if (door !== undefined && !isName(name))
    throw new GatehouseError('invalid', 'Please enter your name, at most 200 characters.', { field: 'name' });
  return { kind: 'new', name, password };
}

const isName = (text: string): boolean =>
  text !== '' && text.length <= 200 && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);

/** The page again, with what the person can mend beside the form. */
interface Mendable {
  readonly status: number;
  readonly problem?: JoiningProblem;
}

/**
 * What becomes of an error: `dead` for a door that looks like one that never was (S165), the page again for what the person
 * can mend. Anything else is thrown on, to the error page.
 */
export function joiningProblem(error: unknown): 'dead' | Mendable {
  if (!isGatehouseError(error)) throw error;
  switch (error.code) {
    case 'not_found':
    case 'invitation_used':
    case 'invitation_revoked':
    case 'invitation_expired':
    case 'invitations_disabled':
      return 'dead';
    case 'invalid':
      return { status: 422, problem: { text: error.detail, field: error.field } };
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
  seats_exhausted: 'All seats of this organization are taken. Ask whoever invited you to free one.',
} as const;

/** One page for whatever does not work any more, or never did. */
export function sendDeadLink(res: Response): void {
  sendPage(res, {
    title: 'This invitation does not work',
    status: 404,
    body: html`<p>An invitation works once and for a limited time. Ask whoever invited you for a new one.</p>
<p><a class="button" href="/sign-in">To the sign-in page</a></p>`,
  });
}
