/** The part of the account page on how the organization sees the person: name and picture, chosen anew without a password. */
import type { Request } from 'express';
import type { ProfileChange } from '../../core/members/own-profile.ts';
import { pictureAddress } from '../api/fields.ts';
import { formText } from '../form-body.ts';
import type { AccountView } from './account-view.ts';
import { accountForm, problemOf } from './account-view.ts';
import { type Html, html, isolated } from './html.ts';
import { assertNone, faultsOfSeen, nameSeenField, pictureField, typedSeen } from './seen-fields.ts';

/** The form; a name that a directory writes is shown, and not asked. */
export function profileForm(
  view: Pick<AccountView, 'visitor' | 'problem'>,
  { isNameFromDirectory }: { readonly isNameFromDirectory: boolean },
): Html {
  const { membership, organization } = view.visitor.signedIn;
  const typed = view.problem?.form === 'profile' ? view.problem.typed : undefined;
  const shown = typed ?? { displayName: membership.name, avatarUrl: membership.avatarUrl ?? '' };
  const ofField = (field: string) => problemOf(view, 'profile', field);
  const hint = `What ${organization.name} sees. Empty: the name of your account.`;
  const name = isNameFromDirectory
    ? html`<p>You are called ${isolated(membership.name)}. That name comes from the directory of your organization and is changed there.</p>`
    : nameSeenField(shown, ofField, { hint });
  const fields = html`${name}
${pictureField(shown, ofField)}`;
  return html`<h2 id="profile">How others see you</h2>
${accountForm(view, 'profile', { fields, button: 'Save name and picture' })}`;
}

/** What the form asks for; a field it did not have is left alone. Throws `invalid` with the field. */
export function profileChange(req: Request): ProfileChange {
  const typed = typedSeen(req);
  assertNone(faultsOfSeen(typed));
  return {
    displayName: formText(req, 'displayName') === undefined ? undefined : typed.displayName || null,
    avatarUrl:
      formText(req, 'avatarUrl') === undefined ? undefined : (pictureAddress(typed.avatarUrl) ?? null),
  };
}
