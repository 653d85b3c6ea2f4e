/** How somebody is seen in an organization, in forms: the name and the picture they choose when they join and on their own page. */
import type { Request } from 'express';
import { type FieldFault, GatehouseError } from '../../kernel/errors.ts';
import { nameField, pictureAddress } from '../api/fields.ts';
import { formText } from '../form-body.ts';
import { type TextField, textField } from './form-parts.ts';
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

/** What is wrong with these fields, in words for beside them. */
export function faultsOfSeen({ displayName, avatarUrl }: TypedSeen): readonly FieldFault[] {
  const faults: FieldFault[] = [];
  if (displayName !== '' && !isName(displayName))
    faults.push({ field: 'displayName', rule: 'Give one line of at most 200 characters.' });
  if (avatarUrl !== '' && pictureAddress(avatarUrl) === undefined)
    faults.push({
      field: 'avatarUrl',
      rule: 'Give the address of a picture that begins with https://, or leave this empty.',
    });
  return faults;
}

/** Throws `invalid` with the first field and all of them; passes where there is none. */
export function assertNone(faults: readonly FieldFault[]): void {
  const [first] = faults;
  if (first !== undefined) throw new GatehouseError('invalid', first.rule, { field: first.field, faults });
}

/** Says what is wrong with a field; undefined: nothing. */
type ProblemOf = (field: string) => string | undefined;

/** The field of the name that others see. */
export const nameSeenField = (
  { displayName }: TypedSeen,
  problemOf: ProblemOf,
  more: Pick<TextField, 'hint' | 'isFocused'> = {},
): Html =>
  textField({
    ...{ name: 'displayName', label: 'Name others see (optional)', autocomplete: 'nickname' },
    ...{ value: displayName, isOptional: true, problem: problemOf('displayName'), ...more },
  });

/** The field of the picture. */
export const pictureField = (
  { avatarUrl }: TypedSeen,
  problemOf: ProblemOf,
  more: Pick<TextField, 'isFocused'> = {},
): Html =>
  textField({
    ...{ name: 'avatarUrl', label: 'Address of your picture (optional)', type: 'url' as const },
    ...{ autocomplete: 'photo', value: avatarUrl, hint: 'Begins with https://.', isOptional: true },
    ...{ problem: problemOf('avatarUrl'), ...more },
  });

/** Both, for somebody new; the one called `focused` gets the focus. */
export const seenFields = (typed: TypedSeen, problemOf: ProblemOf, focused: string | undefined): Html =>
  html`${nameSeenField(typed, problemOf, { isFocused: focused === 'displayName' })}
${pictureField(typed, problemOf, { isFocused: focused === 'avatarUrl' })}`;
