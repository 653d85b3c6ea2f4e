/** What the pages that let somebody in say, by who is looking: somebody new, the person it is for signed in, or somebody else. */

import { isOwnProof } from '../../core/connections/sso-policy.ts';
import type { Connection } from '../../core/entities/connection.ts';
import type { Invitation } from '../../core/entities/invitation.ts';
import type { Organization } from '../../core/entities/organization.ts';
import type { JoiningOffer } from '../../core/joining/joining-offer.ts';
import type { FieldFault } from '../../kernel/errors.ts';
import type { UserId } from '../../kernel/ids.ts';
import { codeField, hiddenField, problemBox, textField, usernameField } from './form-parts.ts';
import { type Html, html, isolated } from './html.ts';
import { signOutForm } from './person.ts';
import { seenFields, type TypedSeen } from './seen-fields.ts';
import type { Visitor } from './visitor.ts';

export interface JoiningProblem {
  readonly text: string;
  /** The form's field it is about; absent or foreign: the whole. */
  readonly field?: string | undefined;
  /** Each field at fault, that one first; absent: it alone. */
  readonly faults?: readonly FieldFault[];
}

/** What somebody new has written so far. */
export interface TypedPerson extends TypedSeen {
  readonly name: string;
}

/** Somebody at a door whose address is known: the invited one, or the one they proved. */
export interface JoiningView {
  readonly organization: Organization;
  readonly email: string;
  readonly emailKey: string;
  /** The address already has an account here. */
  readonly hasAccount: boolean;
  /** The account that may join with this address although it has another (S160). */
  readonly askedBy?: UserId | undefined;
  /** Whether somebody signed in with another address may ask for a mail to this one. */
  readonly mayAskAs?: boolean | undefined;
  /** The page's own path, token included. */
  readonly path: string;
  readonly visitor: Visitor | undefined;
  readonly problem?: JoiningProblem | undefined;
  readonly typed: TypedPerson;
  /** The identity providers through which alone one joins; absent or empty: a password does. */
  readonly connections?: readonly Pick<Connection, 'id' | 'name'>[];
}

/** Facts for somebody who decides whether to join; a value that is null is left out. */
export const joiningFacts = (
  facts: readonly (readonly [name: string, value: string | Html | null])[],
): Html =>
  html`<dl>
${facts.map(
  ([name, value]) =>
    value !== null &&
    html`<dt>${name}</dt><dd>${value}</dd>
`,
)}</dl>`;

/** A time as these pages say it. */
export const inUtc = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** What is offered, as facts of such a page. */
export const offerFacts = ({ role, teams, resources, invitedBy }: JoiningOffer) =>
  [
    ['Invited by', invitedBy === null ? null : isolated(invitedBy)],
    ['Role', isolated(role)],
    ['Teams', listed(teams)],
    ['Access to', listed(resources)],
  ] as const;

/** Names with the role in each, one below the other; null for none. */
const listed = (given: JoiningOffer['teams']): Html | null =>
  given.length === 0
    ? null
    : html`${given.map(({ name, role }, index) => html`${index > 0 && html`<br>`}${isolated(name)} as ${role}`)}`;

/** The body of an invitation's page. */
export function invitationBody(
  view: JoiningView & { readonly invitation: Invitation; readonly offer: JoiningOffer },
): Html {
  const { invitation, organization, offer } = view;
  return html`${joiningFacts([
    ['Organization', isolated(organization.name)],
    ['For', isolated(invitation.email)],
    ...offerFacts(offer),
    ['Good until', inUtc(invitation.expiresAt)],
  ])}
${invitation.message !== null && html`<p class="told lines">${isolated(invitation.message)}</p>`}
${waysToJoin(view)}`;
}

/** The form that fits whoever looks. */
export function waysToJoin(view: JoiningView): Html {
  const { visitor, emailKey, askedBy, hasAccount, connections = [] } = view;
  if (connections.length > 0) return waysBySignOn(view, connections);
  if (visitor === undefined) return hasAccount ? knownPersonForm(view) : newPersonForm(view);
  const { user } = visitor.signedIn;
  return user.emailKey === emailKey || user.id === askedBy
    ? acceptButton(view, visitor)
    : otherPerson(view, visitor);
}

/** The organization requires single sign-on. Who has an account shows it first: an identity provider opens none by its address. */
function waysBySignOn(view: JoiningView, connections: readonly Pick<Connection, 'id' | 'name'>[]): Html {
  const { visitor, emailKey, hasAccount, organization, path, problem } = view;
  if (visitor !== undefined && visitor.signedIn.user.emailKey !== emailKey) return otherPerson(view, visitor);
  if (visitor !== undefined)
    return html`${problemBox(problem?.text)}
<p>${isolated(organization.name)} lets people in through its own sign-in. It has to know you by the address above.</p>
${connections.map(
  ({ id, name }) => html`<form method="post" action="${path}" name="accept">
${hiddenField('csrf', visitor.csrf)}
${hiddenField('connection', id)}
<button type="submit">Join through ${isolated(name)}</button>
</form>`,
)}
<p><a href="/">Not now</a></p>`;
  const signIn = hasAccount
    ? `/sign-in?${new URLSearchParams({ return_to: path, way: 'password' })}`
    : `/sign-in/${encodeURIComponent(organization.slug)}`;
  return hasAccount
    ? html`<p>This address already has an account. Sign in to it first; then you come back here and go on to the sign-in of ${isolated(organization.name)}.</p>
<p><a class="button" href="${signIn}">Sign in to your account</a></p>`
    : html`<p>${isolated(organization.name)} lets people in through its own sign-in. It takes you in when it knows you by the address above.</p>
<p><a class="button" href="${signIn}">Continue to sign in</a></p>`;
}

const NEW_PERSON_FIELDS: readonly (string | undefined)[] = ['name', 'displayName', 'avatarUrl', 'password'];

function newPersonForm({ path, email, problem, typed }: JoiningView): Html {
  const problemOf = (field: string) =>
    problem?.faults?.find((fault) => fault.field === field)?.rule ??
    (problem?.field === field ? problem.text : undefined);
  const signIn = `/sign-in?${new URLSearchParams({ return_to: path })}`;
  const isElsewhere = problem !== undefined && !NEW_PERSON_FIELDS.includes(problem.field);
  return html`<h2>Join with a new account</h2>
${isElsewhere && problemBox(problem.text)}
<form method="post" action="${path}" name="accept">
${textField({
  name: 'name',
  label: 'Your name',
  autocomplete: 'name',
  value: typed.name,
  problem: problemOf('name'),
  isFocused: problem?.field === 'name',
})}
${seenFields(typed, problemOf, problem?.field)}
${usernameField(email)}
${textField({
  name: 'password',
  label: 'Choose a password',
  type: 'password',
  autocomplete: 'new-password',
  hint: 'At least 15 characters. A sentence is a good one.',
  problem: problemOf('password'),
  isFocused: problem?.field === 'password',
})}
<button type="submit">Join</button>
</form>
<p>Or <a href="${signIn}">sign in to the account you have</a>; then you come back here.</p>`;
}

/** Somebody whose last membership ended can sign in nowhere else, so the password of the account is asked here. */
function knownPersonForm({ path, email, problem }: JoiningView): Html {
  const signIn = `/sign-in?${new URLSearchParams({ return_to: path })}`;
  const ofPassword = problem?.field === 'password' ? problem.text : undefined;
  return html`<h2>Join with your account</h2>
<p>This address already has an account.</p>
${ofPassword === undefined && problem?.field !== 'code' && problemBox(problem?.text)}
<form method="post" action="${path}" name="accept">
${usernameField(email)}
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

/** As whom somebody is signed in: their own address, or as the organization knows them. */
export function accountOf({ signedIn: { user, membership, session } }: Visitor): string {
  return (isOwnProof(session) ? user.email : null) ?? membership.email ?? membership.name;
}

/** One click for whoever is signed in. */
export function acceptButton(
  { path, problem, organization }: Pick<JoiningView, 'path' | 'problem' | 'organization'>,
  visitor: Visitor,
): Html {
  return html`${problemBox(problem?.text)}
<p>You join as ${isolated(accountOf(visitor))}, the account you are signed in to.</p>
<form method="post" action="${path}" name="accept">
${hiddenField('csrf', visitor.csrf)}
<button type="submit">Join ${organization.name}</button>
</form>
<p><a href="/">Not now</a></p>`;
}

/** S160: nobody is bound by accident; the choice is to come back as the invited person, or to prove the address as who one is. */
function otherPerson({ path, email, mayAskAs }: JoiningView, visitor: Visitor): Html {
  const shown = accountOf(visitor);
  return html`<p class="wrong" role="alert">You are signed in as ${isolated(shown)}, but this invitation is for ${isolated(email)}.</p>
<p>Sign out, then this page lets you join as the invited person.</p>
${signOutForm(visitor, path)}
${
  mayAskAs === true &&
  html`<p>Is ${isolated(email)} your address too? Then join as ${isolated(shown)}: a mail to it shows that it is yours.</p>
<form method="post" action="${path}" name="prove">
${hiddenField('csrf', visitor.csrf)}
${hiddenField('prove', 'yes')}
<button class="second" type="submit">Send the mail</button>
</form>`
}
<p><a href="/">Stay signed in and leave this page</a></p>`;
}
