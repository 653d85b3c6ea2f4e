/** Invitations in the demo: refused where a directory decides, sent by mail and accepted once where it does not. */
import { createBrowser } from '../../test/support/browser.ts';
import { listAt, textAt } from '../simulate/answers.ts';
import type { Company } from './companies.ts';
import { readSession, showPages } from './sign-ins.ts';
import type { Stage } from './stage.ts';

export interface ManualOrganization {
  readonly name: string;
  readonly slug: string;
}

export interface Guest {
  readonly email: string;
  readonly name: string;
  readonly password: string;
}

/** Invites somebody into a directory-managed organization. Throws unless that is refused as `invitations_disabled`. */
export async function tryInvitation({ operator }: Stage, { slug }: Company) {
  const path = `/organizations/${slug}/invitations`;
  const body = { email: 'friend@elsewhere.example', role: 'member' };
  const problem = await operator.expect(409, { method: 'POST', path, body });
  const code = textAt(problem, 'code');
  if (code !== 'invitations_disabled') throw new Error(`code ${code}, not invitations_disabled`);
  return { result: undefined, facts: [`409 ${code}: ${textAt(problem, 'detail')}`] };
}

/** Invites the guest by mail and answers the link that arrived. */
export async function inviteByMail(
  { operator, mails }: Stage,
  { slug, team }: ManualOrganization & { readonly team: string },
  guest: Guest,
) {
  const body = {
    email: guest.email,
    role: 'admin',
    teams: [{ team, role: 'owner' }],
    message: 'The oven is warm.',
  };
  const invited = await operator.expect(201, {
    method: 'POST',
    path: `/organizations/${slug}/invitations`,
    body,
  });
  const mail = await mails.waitFor(guest.email);
  const link = /https?:\/\/\S+\/invitations\/[^\s<>]+/.exec(mail.text)?.[0];
  if (link === undefined) throw new Error(`the mail holds no link:\n${mail.text}`);
  return {
    result: link,
    facts: [
      `delivery: ${textAt(invited, 'delivery', 'channel')}, ${textAt(invited, 'delivery', 'status')}`,
      `the mail server has “${mail.subject}” for ${mail.to.join(', ')}`,
    ],
  };
}

/** Opens the link, fills in the form, and reads back the session. Throws with the pages when the guest is not in. */
export async function acceptInvitation(stage: Stage, link: string, guest: Guest) {
  const browser = createBrowser();
  const page = await browser.follow(link);
  const values = { name: guest.name, password: guest.password };
  const joined = await browser.submitForm(page, { form: 'accept', values });
  const session = await readSession(stage, browser);
  const email = textAt(session.body, 'user', 'email');
  if (session.page.status !== 200 || email !== guest.email)
    throw new Error(showPages([page, joined, session.page]));
  const teams = listAt(session.body, 'teams').map(
    (team) => `${textAt(team, 'name')} (${textAt(team, 'role')})`,
  );
  return {
    result: browser,
    facts: [
      `GET /api/v1/session: ${email} of ${textAt(session.body, 'organization', 'slug')}, org role ${textAt(session.body, 'orgRole')}, teams ${teams.join(', ') || 'none'}`,
    ],
  };
}

/** Uses the link again. Throws unless the API says that it is used up. */
export async function acceptAgain({ operator }: Stage, link: string) {
  const token = new URL(link).pathname.split('/').at(-1) ?? '';
  const body = { name: 'Somebody Else', password: 'a second guest with a long password' };
  const problem = await operator.expect(410, { method: 'POST', path: `/invitations/${token}/accept`, body });
  return { result: undefined, facts: [`410 ${textAt(problem, 'code')}`] };
}
