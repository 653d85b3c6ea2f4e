/** The page on which people look after how they sign in: password, address, second step, passkeys; beside it how others see them. */
import type { Passkey } from '../../core/entities/credentials.ts';
import type { OwnAccount } from '../../core/members/own-account.ts';
import { codeField, hiddenField, problemBox, textField, usernameField } from './form-parts.ts';
import { type Html, html, isolated } from './html.ts';
import { qrCode } from './qr-code.ts';
import type { TypedSeen } from './seen-fields.ts';
import type { Visitor } from './visitor.ts';

/** A form of the page; also its name in the page. */
export type AccountForm =
  | 'profile'
  | 'password'
  | 'email'
  | 'second-factor'
  | 'second-factor-remove'
  | 'recovery-codes'
  | 'passkey-remove';

export interface AccountProblem {
  readonly form: AccountForm;
  readonly field: string | undefined;
  readonly text: string;
  /** What was written into the form of name and picture. */
  readonly typed?: TypedSeen | undefined;
}

export interface AccountView {
  readonly visitor: Visitor;
  readonly account: OwnAccount;
  readonly problem?: AccountProblem | undefined;
  /** How others see the person. */
  readonly profile: Html;
  /** What has just been done. */
  readonly notice?: string | undefined;
}

/** The body of the page. */
export function accountBody(view: AccountView): Html {
  const { account, notice, profile } = view;
  const told = notice !== undefined && html`<p class="told" role="status">${notice}</p>`;
  if (!account.hasPassword) {
    return html`${told}${profile}
<h2>How you sign in</h2>
<p>You sign in through your organization. Password, second step and devices are looked after there.</p>
<p><a href="/">Back to your access</a></p>`;
  }
  return html`${told}
${profile}
<dl><dt>Sign-in address</dt><dd>${isolated(account.email ?? 'none')}</dd></dl>
${secondStep(view)}
${passkeys(view)}
${passwordForm(view)}
${emailForm(view)}
<p><a href="/">Back to your access</a></p>`;
}

/** A form that acts with this session; `fields` and the button's text are its own. */
export function accountForm(
  view: Pick<AccountView, 'problem' | 'visitor'>,
  name: AccountForm,
  inner: { readonly fields: Html; readonly button: string },
): Html {
  const { problem, visitor } = view;
  const isElsewhere = problem?.form === name && problem.field === undefined;
  return html`<form method="post" action="/account/${name}" name="${name}">
${isElsewhere && problemBox(problem.text)}
${hiddenField('csrf', visitor.csrf)}
${inner.fields}
<button class="second" type="submit">${inner.button}</button>
</form>`;
}

/** What is wrong with a field of a form; undefined: nothing. */
export const problemOf = (
  { problem }: Pick<AccountView, 'problem'>,
  name: AccountForm,
  field: string,
): string | undefined => (problem?.form === name && problem.field === field ? problem.text : undefined);

const currentPassword = (view: AccountView, name: AccountForm): Html =>
  html`${usernameField(view.account.email)}
${textField({
  name: 'current_password',
  id: `${name}-current`,
  label: 'Your password',
  type: 'password',
  autocomplete: 'current-password',
  problem: problemOf(view, name, 'currentPassword'),
})}`;

function passwordForm(view: AccountView): Html {
  const least = view.account.hasSecondFactor ? 8 : 15;
  const fields = html`${currentPassword(view, 'password')}
${textField({
  name: 'new_password',
  label: 'New password',
  type: 'password',
  autocomplete: 'new-password',
  hint: `At least ${least} characters. A sentence is a good one. Your other devices are signed out.`,
  problem: problemOf(view, 'password', 'newPassword'),
})}`;
  return html`<h2 id="password">Password</h2>
<details${isOpen(view, 'password')}><summary>Change your password</summary>
${accountForm(view, 'password', { fields, button: 'Change the password' })}
</details>`;
}

function emailForm(view: AccountView): Html {
  const fields = html`${textField({
    name: 'email',
    label: 'New e-mail address',
    type: 'email',
    autocomplete: 'email',
    hint: 'A link goes to it; nothing changes before you open that.',
    problem: problemOf(view, 'email', 'email'),
  })}
${currentPassword(view, 'email')}`;
  return html`<h2 id="email">Sign-in address</h2>
<details${isOpen(view, 'email')}><summary>Sign in with another address</summary>
${accountForm(view, 'email', { fields, button: 'Send the link' })}
</details>`;
}

function secondStep(view: AccountView): Html {
  if (!view.account.hasSecondFactor) {
    return html`<h2 id="second-step">Second step <span class="tag">off</span></h2>
<p>With a second step, signing in also asks for a code of an authenticator app on your phone.</p>
${accountForm(view, 'second-factor', { fields: currentPassword(view, 'second-factor'), button: 'Set up a second step' })}`;
  }
  const removal = html`${currentPassword(view, 'second-factor-remove')}
${codeField(problemOf(view, 'second-factor-remove', 'code'), { id: 'second-factor-remove-code' })}`;
  return html`<h2 id="second-step">Second step <span class="tag">on</span></h2>
<p>${codesLeft(view.account.recoveryCodesLeft)}</p>
<details${isOpen(view, 'recovery-codes')}><summary>New recovery codes</summary>
${accountForm(view, 'recovery-codes', { fields: currentPassword(view, 'recovery-codes'), button: 'Make new codes' })}
</details>
<details${isOpen(view, 'second-factor-remove')}><summary>Turn the second step off</summary>
${accountForm(view, 'second-factor-remove', { fields: removal, button: 'Turn it off' })}
</details>`;
}

const isOpen = ({ problem }: AccountView, name: AccountForm) => problem?.form === name && html` open`;

const codesLeft = (left: number): string =>
  left === 0
    ? 'You have no recovery code left. Make new ones now: without them a lost phone locks you out.'
    : `You have ${left} recovery ${left === 1 ? 'code' : 'codes'} left for the day your phone is lost.`;

function passkeys({ visitor, account: { passkeys: known, email } }: AccountView): Html {
  return html`<h2 id="passkeys">Passkeys</h2>
<p>A passkey signs you in with your fingerprint, face or device PIN, without a password.</p>
${known.length === 0 ? html`<p class="quiet">You have none yet.</p>` : html`<ul class="rows">${known.map((passkey) => passkeyRow(visitor, passkey))}</ul>`}
${addPasskeyForm(email)}`;
}

/** The form with which the page's script makes a passkey; hidden without it. */
export const addPasskeyForm = (email: string | null): Html => html`<div hidden>
<form method="post" action="/account" name="passkey-add" data-passkey="register">
<p class="wrong" role="alert" hidden></p>
${textField({ name: 'name', id: 'passkey-name', label: 'Name of the new passkey', value: 'My passkey', hint: 'So that you know it again, such as “Work laptop”.' })}
${usernameField(email)}
${textField({ name: 'current_password', id: 'passkey-current', label: 'Your password', type: 'password', autocomplete: 'current-password' })}
<button class="second" type="submit">Add a passkey</button>
</form>
</div>
<noscript><p class="quiet">Passkeys need a browser with JavaScript.</p></noscript>`;

function passkeyRow({ csrf }: Visitor, passkey: Passkey): Html {
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  const used = passkey.lastUsedAt === null ? 'never used' : `last used ${day(passkey.lastUsedAt)}`;
  return html`<li>
<p><strong>${isolated(passkey.name)}</strong><br><span class="quiet">Added ${day(passkey.createdAt)}, ${used}</span></p>
<form method="post" action="/account/passkey-remove" name="remove-${passkey.id}">
${hiddenField('csrf', csrf)}
${hiddenField('passkey', passkey.id)}
<button class="second" type="submit" aria-label="Remove the passkey ${passkey.name}">Remove</button>
</form>
</li>`;
}

/** A second factor that is being set up, as whoever sets it up sees it. */
interface ShownFactor {
  readonly secret: string;
  /** What the QR code says. */
  readonly address: string;
}

interface SetUp {
  /** Undefined when what is being set up is not known any more to be what the page showed. */
  readonly factor: ShownFactor | undefined;
  readonly problem?: string | undefined;
  /** The account page if absent. */
  readonly form?: ConfirmPlace | undefined;
}

/** The page that shows a new secret, and again after a wrong code, with the form for the first code. */
export const setUpBody = (
  visitor: Visitor,
  setUp: SetUp,
): Html => html`${setUp.factor !== undefined && picture(setUp.factor)}
${confirmForm(visitor, setUp)}`;

const picture = ({ secret, address }: ShownFactor): Html => html`<ol>
<li>Open an authenticator app on your phone and scan this picture.</li>
<li>Enter the six digits it shows.</li>
</ol>
${qrCode(address, 'QR code for your authenticator app')}
<details><summary>You cannot scan it?</summary>
<p>Type this key into the app: <code>${(secret.match(/.{1,4}/g) ?? []).join(' ')}</code></p>
</details>`;

/** Where the form for the first code is posted to, and where both ways lead from it. */
export interface ConfirmPlace {
  readonly action: string;
  readonly returnTo: string | null;
  readonly cancel: string;
}

const ON_ACCOUNT: ConfirmPlace = {
  action: '/account/second-factor-confirm',
  returnTo: null,
  cancel: '/account',
};

/** The form for the first code. It brings the secret back, so that only who has seen it sees it again. */
const confirmForm = (
  visitor: Visitor,
  { factor, problem, form: { action, returnTo, cancel } = ON_ACCOUNT }: SetUp,
): Html => html`<form method="post" action="${action}" name="second-factor-confirm">
${hiddenField('csrf', visitor.csrf)}
${hiddenField('secret', factor?.secret ?? null)}
${hiddenField('return_to', returnTo)}
${textField({
  name: 'code',
  label: 'Code',
  autocomplete: 'one-time-code',
  hint: 'Six digits from your authenticator app.',
  problem,
})}
<button type="submit">Turn the second step on</button>
</form>
<p><a href="${cancel}">Not now</a></p>`;

/** The page that shows recovery codes, once. */
export const recoveryCodesBody = (
  codes: readonly string[],
  next = '/account',
): Html => html`<p>Each of these codes works once, in place of the app. Print them, or keep them in a password manager. They are not shown again.</p>
<ul class="codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
<p><a class="button" href="${next}">I have kept them</a></p>`;
