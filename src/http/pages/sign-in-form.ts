/** The page on which people sign in: through their organization, with a password, or with a passkey. */
import type { Response } from 'express';
import { hiddenField, problemBox, textField } from './form-parts.ts';
import { type Html, html } from './html.ts';
import { sendPage } from './layout.ts';
import { signInPage } from './sign-in-paths.ts';

/** What stands on it. */
export interface SignInForm {
  /** `Sign in` if absent. */
  readonly title?: string;
  /** From `ownPath`. */
  readonly returnTo: string | null;
  /** What was typed before. */
  readonly email?: string;
  /** From `organizationWish`: where whoever signs in here wants to be, if they are in it. */
  readonly organization?: string | undefined;
  readonly problem?: string;
  /** Address and password that do not fit together: said at the password, which gets the focus. */
  readonly wrongPassword?: string | undefined;
  /** Something to know that is nobody's fault. */
  readonly note?: string | undefined;
  /** False where it is known which organization it is about, and that it has no identity provider. True if absent. */
  readonly asksOrganization?: boolean;
  /** 200 if absent. */
  readonly status?: number;
}

const organizationForm = (
  returnTo: string | null,
): Html => html`<form method="get" action="/sign-in" name="organization">
<h2>Through your organization</h2>
${hiddenField('return_to', returnTo)}
${textField({
  name: 'organization',
  label: 'Work e-mail or organization',
  autocomplete: 'username',
  hint: 'For example ada@example.com, or the short name of your organization.',
})}
<button type="submit">Continue</button>
</form>`;

/** Sends the sign-in page. */
export function sendSignIn(res: Response, form: SignInForm): void {
  const { returnTo, email, problem, wrongPassword, note } = form;
  const { asksOrganization = true, status = 200, title = 'Sign in' } = form;
  const alongside = [
    hiddenField('return_to', returnTo),
    hiddenField('organization', form.organization ?? null),
  ];
  sendPage(res, {
    title,
    status,
    offersPasskeys: true,
    body: html`${problemBox(problem)}
${note !== undefined && html`<p role="status">${note}</p>`}
${asksOrganization && organizationForm(returnTo)}
<form method="post" action="/sign-in/password" name="password">
<h2>With a password</h2>
${alongside}
${textField({ name: 'email', label: 'E-mail', type: 'email', autocomplete: 'username', value: email ?? '' })}
${textField({
  name: 'password',
  label: 'Password',
  type: 'password',
  autocomplete: 'current-password',
  problem: wrongPassword,
})}
<button class="second" type="submit">Sign in with password</button>
</form>
<p><a href="/password-reset">Forgotten your password?</a></p>
${!asksOrganization && html`<p><a href="${signInPage(returnTo)}">Sign in through your organization</a></p>`}
<div hidden>
<form method="post" action="/sign-in" name="passkey" data-passkey="sign-in">
<h2>With a passkey</h2>
<p class="wrong" role="alert" hidden></p>
${alongside}
<button class="second" type="submit">Sign in with a passkey</button>
</form>
</div>`,
  });
}
