/** What core needs to know of a pushed user or group, picked out of its document. */
import type { DirectoryGroupInput } from '../../core/directory/directory-groups.ts';
import type { DirectoryUserInput } from '../../core/directory/pushed-user.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { foldKey } from '../../kernel/text.ts';
import { isScimObject, ownValue, type ScimObject } from '../../protocols/scim/schema.ts';
import { type DirectoryTypes, uniqueValuesIn } from './resource-types.ts';

/**
 * The user of a document that the schema engine has accepted. `active` is true unless the document says otherwise, and
 * is part of what is stored. Throws `invalid_value` for a userName of nothing but blanks and invisible characters.
 */
export function toUserInput(
  document: ScimObject,
  types: Pick<DirectoryTypes, 'uniqueAttributes'>,
): DirectoryUserInput {
  const userName = visibleText(document, 'userName');
  const isActive = ownValue(document, 'active') !== false;
  const displayName = textOf(document, 'displayName') ?? null;
  const emails = objectsOf(document, 'emails');
  return {
    userName,
    externalId: textOf(document, 'externalId') ?? null,
    isActive,
    displayName,
    emails: emails.flatMap((email) => textOf(email, 'value') ?? []),
    primaryEmail: primaryEmail(emails) ?? null,
    personName: personName(document) ?? userName,
    uniqueValues: uniqueValuesIn(document, types),
    attributes: ownValue(document, 'active') === isActive ? document : { ...document, active: isActive },
  };
}

/** The group of a document that the schema engine has accepted. Throws `invalid_value` for an invisible displayName. */
export function toGroupInput(document: ScimObject): DirectoryGroupInput {
  return {
    displayName: visibleText(document, 'displayName'),
    externalId: textOf(document, 'externalId') ?? null,
    attributes: { ...document },
  };
}

/** A name under which things are unique or matched must leave something to compare (S134). */
function visibleText(document: ScimObject, name: string): string {
  const text = visible(textOf(document, name));
  if (text === undefined) {
    throw new GatehouseError('invalid_value', `${name} must hold visible characters.`, { field: name });
  }
  return text;
}

/** The primary address, else the work address, else the first one that has a value. */
function primaryEmail(emails: readonly ScimObject[]): string | undefined {
  const primary = emails.find((email) => ownValue(email, 'primary') === true);
  const work = emails.find((email) => textOf(email, 'type')?.toLowerCase() === 'work');
  const wanted = [primary, work, ...emails].map((email) => email && textOf(email, 'value'));
  return wanted.find((value) => value !== undefined);
}

function personName(document: ScimObject): string | undefined {
  const name = ownValue(document, 'name');
  const parts = isScimObject(name) ? name : undefined;
  return (
    visible(textOf(document, 'displayName')) ??
    (parts && (visible(textOf(parts, 'formatted')) ?? visible(spelledName(parts))))
  );
}

function spelledName(parts: ScimObject): string {
  const spelled = [textOf(parts, 'givenName'), textOf(parts, 'familyName')];
  return spelled.filter((part) => part !== undefined).join(' ');
}

const visible = (text: string | undefined): string | undefined =>
  text === undefined || foldKey(text) === '' ? undefined : text;

function textOf(object: ScimObject, name: string): string | undefined {
  const value = ownValue(object, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function objectsOf(object: ScimObject, name: string): readonly ScimObject[] {
  const value = ownValue(object, name);
  return Array.isArray(value) ? value.filter(isScimObject) : [];
}
