/** What an invitation's page says, by who is looking: somebody new, the invited person signed in, or somebody else. */
import type { Invitation } from '../../core/entities/invitation.ts';
import type { Organization } from '../../core/entities/organization.ts';
import { codeField, hiddenField, problemBox, textField } from './form-parts.ts';
import { type Html, html, isolated } from './html.ts';
import { signOutForm } from './person.ts';
import type { Visitor } from './visitor.ts';

export interface InvitationProblem {
  readonly text: string;
  /** The form's field it is about; absent or foreign: the whole. */
  readonly field?: string | undefined;
}

export interface InvitationView {
  readonly invitation: Invitation;
  readonly organization: Organization;
  /** The invited address already has an account here. */
  readonly hasAccount: boolean;
  /** The page's own path, token included. */
  readonly path: string;
  readonly visitor: Visitor | undefined;
  readonly problem?: InvitationProblem | undefined;
  readonly typedName: string;
}

/** The body of the page. */
export function invitationBody(view: InvitationView): Html {
  const { invitation, organization } = view;
  const until = `${new Date(invitation.expiresAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return html`<dl>
<dt>Organization</dt><dd>${isolated(organization.name)}</dd>
<dt>For</dt><dd>${isolated(invitation.email)}</dd>
<dt>Role</dt><dd>${invitation.role}</dd>
<dt>Good until</dt><dd>${until}</dd>
</dl>
${invitation.message !== null && html`<p class="told">${isolated(invitation.message)}</p>`}
${wayToAccept(view)}`;
}

function wayToAccept(view: InvitationView): Html {
  const { visitor, invitation, hasAccount } = view;
  if (visitor === undefined) return hasAccount ? knownPersonForm(view) : newPersonForm(view);
  return visitor.signedIn.user.emailKey === invitation.emailKey
    ? acceptButton(view, visitor)
    : otherPerson(view, visitor);
}

function newPersonForm({ path, problem, typedName }: InvitationView): Html {
  const problemOf = (field: string) => (problem?.field === field ? problem.text : undefined);
  const isElsewhere = problem !== undefined && problem.field !== 'name' && problem.field !== 'password';
  return html`<h2>Join with a new account</h2>
${isElsewhere && problemBox(problem.text)}
<form method="post" action="${path}" name="accept">
${textField({
  name: 'name',
  label: 'Your name',
  autocomplete: 'name',
  value: typedName,
  problem: problemOf('name'),
})}
${textField({
  name: 'password',
  label: 'Choose a password',
  type: 'password',
  autocomplete: 'new-password',
  hint: 'At least 15 characters. A sentence is a good one.',
  problem: problemOf('password'),
})}
<button type="submit">Join</button>
</form>`;
}

/** Somebody whose last membership ended can sign in nowhere else, so the password of the account is asked here. */
function knownPersonForm({ path, problem }: InvitationView): Html {
  const signIn = `/sign-in?${new URLSearchParams({ return_to: path })}`;
  const ofPassword = problem?.field === 'password' ? problem.text : undefined;
  return html`<h2>Join with your account</h2>
<p>This address already has an account.</p>
${ofPassword === undefined && problem?.field !== 'code' && problemBox(problem?.text)}
<form method="post" action="${path}" name="accept">
${textField({
  name: 'password',
  label: 'Password of your account',
  type: 'password',
  autocomplete: 'current-password',
  problem: ofPassword,
})}
${problem?.field === 'code' && codeField(problem.text)}
<button type="submit">Join</button>
</form>
<p>Or <a href="${signIn}">sign in another way first</a>; then you come back here.</p>`;
}

function acceptButton({ path, problem, organization }: InvitationView, visitor: Visitor): Html {
  return html`${problemBox(problem?.text)}
<form method="post" action="${path}" name="accept">
${hiddenField('csrf', visitor.csrf)}
<button type="submit">Join ${organization.name}</button>
</form>
<p><a href="/">Not now</a></p>`;
}

/** S160: nobody is bound by accident; the choice is to sign out and come back as the invited person. */
function otherPerson({ path, invitation }: InvitationView, visitor: Visitor): Html {
  const { user, membership } = visitor.signedIn;
  const shown = user.email ?? membership.email ?? membership.name;
  return html`<p class="wrong" role="alert">You are signed in as ${isolated(shown)}, but this invitation is for ${isolated(invitation.email)}.</p>
<p>Sign out, then this page lets you join as the invited person.</p>
${signOutForm(visitor, path)}
<p><a href="/">Stay signed in and leave this page</a></p>`;
}
