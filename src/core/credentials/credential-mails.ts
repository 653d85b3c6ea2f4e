/**
 * The mails about signing in: short, with one link each that starts with the configured address. They look like Gatehouse's own
 * whatever an organization has chosen: they are about the person, not about one organization (law 3).
 */
import { layOut, link, type MailBlock, text } from '../mail/mail-layout.ts';
import type { Mail } from '../ports/mailer.ts';

/** A change of how somebody signs in that its person is told about. */
export type CredentialChange =
  | 'password_changed'
  | 'password_reset'
  | 'email_changed'
  | 'second_factor_enabled'
  | 'second_factor_disabled'
  | 'second_factors_reset'
  | 'recovery_code_used'
  | 'passkey_added'
  | 'passkey_removed';

const HAPPENED: Readonly<Record<CredentialChange, readonly [subject: string, sentence: string]>> = {
  password_changed: ['Your password was changed', 'The password of your account was changed.'],
  password_reset: ['Your password was reset', 'A new password was set through a link in a mail to you.'],
  email_changed: [
    'Your sign-in address was changed',
    'Your account now signs in with another e-mail address; this one no longer works.',
  ],
  second_factor_enabled: [
    'A second step was turned on',
    'Signing in to your account now asks for a code of an authenticator app too.',
  ],
  second_factor_disabled: [
    'The second step was turned off',
    'Signing in to your account no longer asks for a code of an authenticator app.',
  ],
  second_factors_reset: [
    'Your second step was reset',
    'The authenticator app, recovery codes and passkeys of your account were taken away by an administrator, and you were signed out everywhere. Set a new password through "Forgotten your password?" on the sign-in page.',
  ],
  recovery_code_used: [
    'A recovery code was used',
    'Somebody signed in to your account with a recovery code in place of the authenticator app.',
  ],
  passkey_added: ['A passkey was added', 'Your account can now be opened with a new passkey.'],
  passkey_removed: ['A passkey was removed', 'One of the passkeys of your account no longer opens it.'],
};

/** Tells of a change, with the link that takes it back. */
export function changeMail(to: string, what: CredentialChange, undoUrl: string): Mail {
  const [subject, sentence] = HAPPENED[what];
  return mailOf(to, subject, [
    text(sentence, 'If that was you, there is nothing to do.'),
    link(
      'If it was not you, open this link. It signs everybody out, takes the change and everything that came after it back, and lets you set a new password:',
      'That was not me',
      undoUrl,
    ),
    text('The link works once, for seven days.'),
  ]);
}

/** Carries the link that sets a new password. */
export const resetMail = (to: string, url: string): Mail =>
  mailOf(to, 'Set a new password', [
    text('Somebody, probably you, asked for a new password for this address.'),
    link('Open this link to choose one:', 'Choose a password', url),
    text(
      'It works once, for 30 minutes, and only until another one is asked for.',
      'If you did not ask, ignore this mail; your password stays as it is.',
    ),
  ]);

/** Says how to sign in to somebody for whom a password is not the way. */
export const noResetMail = (to: string, signInUrl: string): Mail =>
  mailOf(to, 'How to sign in', [
    text('Somebody, probably you, asked for a new password for this address.'),
    text('You do not need one: your organization lets you in through its own sign-in.'),
    link(
      'Start here, and enter your work e-mail address or the short name of your organization:',
      'Sign in',
      signInUrl,
    ),
    text('If you did not ask, ignore this mail; nothing happens.'),
  ]);

/** Carries the link that proves a new sign-in address. */
export const proveAddressMail = (to: string, url: string): Mail =>
  mailOf(to, 'Confirm your new sign-in address', [
    text('Somebody, probably you, wants to sign in with this e-mail address from now on.'),
    link('Open this link to confirm it:', 'Confirm the address', url),
    text('It works once, for one hour. If you did not ask for this, ignore this mail; nothing happens.'),
  ]);

/** Says to the holder of an address that it cannot become somebody else's. */
export const addressTakenMail = (to: string, signInUrl: string): Mail =>
  mailOf(to, 'This address has an account already', [
    text(
      'Somebody wanted to make this e-mail address the sign-in address of their account,',
      'but it already has an account of its own.',
    ),
    link('If that was you, sign in to that one:', 'Sign in', signInUrl),
    text('If it was not you, ignore this mail; nothing has changed.'),
  ]);

const mailOf = (to: string, subject: string, blocks: readonly MailBlock[]): Mail =>
  layOut(to, { subject, blocks });
