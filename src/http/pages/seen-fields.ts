/** How somebody is seen in an organization, in forms: the name and the picture they choose when they join and on their own page. */
import type { Request } from 'express';
import { GatehouseError } from '../../kernel/errors.ts';
import { nameField, pictureAddress } from '../api/fields.ts';
import { formText } from '../form-body.ts';
import { textField } from './form-parts.ts';
import { type Html, html } from './html.ts';

/** As it stands in the form; empty: chosen nothing. */
export interface TypedSeen {
  readonly displayName: string;
  readonly avatarUrl: string;
}

/** A field of a posted form on one line, as people mean it. */
export const typedText = (req: Request, field: string): string =>
  (formText(req, field) ?? '').normalize('NFC').trim();

/** What was written in these fields. */
export const typedSeen = (req: Request): TypedSeen => ({
  displayName: typedText(req, 'displayName'),
  avatarUrl: typedText(req, 'avatarUrl'),
});

/** Whether somebody may be called that, by the rule of the API. */
export const isName = (text: string): boolean => nameField.safeParse(text).success;

/** Throws `invalid` with the field. */
export function assertSeen({ displayName, avatarUrl }: TypedSeen): void {
  if (displayName !== '' && !isName(displayName))
    throw unfit('displayName', 'Give one line of at most 200 characters.');
  if (avatarUrl !== '' && pictureAddress(avatarUrl) === undefined)
    throw unfit('avatarUrl', 'Give the address of a picture that begins with https://, or leave this empty.');
}

/** The refusal of one field, in words for beside it. */
export const unfit = (field: string, detail: string): GatehouseError =>
  new GatehouseError('invalid', detail, { field });

/** Says what is wrong with a field; undefined: nothing. */
type ProblemOf = (field: string) => string | undefined;

/** The field of the name that others see. */
export const nameSeenField = (
  { displayName }: TypedSeen,
  problemOf: ProblemOf,
  hint: { readonly hint?: string } = {},
): Html =>
  textField({
    ...{ name: 'displayName', label: 'Name others see (optional)', autocomplete: 'nickname' },
    ...{ value: displayName, isOptional: true, problem: problemOf('displayName'), ...hint },
  });

/** The field of the picture. */
export const pictureField = ({ avatarUrl }: TypedSeen, problemOf: ProblemOf): Html =>
  textField({
    ...{ name: 'avatarUrl', label: 'Address of your picture (optional)', type: 'url' as const },
    ...{ autocomplete: 'photo', value: avatarUrl, hint: 'Begins with https://.', isOptional: true },
    problem: problemOf('avatarUrl'),
  });

/** Both, for somebody new. */
export const seenFields = (typed: TypedSeen, problemOf: ProblemOf): Html =>
  html`${nameSeenField(typed, problemOf)}
${pictureField(typed, problemOf)}`;
