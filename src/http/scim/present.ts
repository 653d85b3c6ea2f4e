/** From stored records to SCIM resources: the only place that says what a user or a group looks like from outside. */

import type { ContainingGroup } from '../../core/directory/containing-groups.ts';
import type {
  DirectoryAttributes,
  DirectoryGroup,
  DirectoryUser,
  ShownUser,
} from '../../core/entities/directory.ts';
import type { MemberRef } from '../../core/ports/directories.ts';
import { parseId } from '../../kernel/ids.ts';
import {
  isEverythingShown,
  isStandard,
  type Projection,
  urnKeysIn,
} from '../../protocols/scim/attributes.ts';
import type { ResourceType } from '../../protocols/scim/schema.ts';
import {
  enterpriseUserSchema,
  isScimObject,
  newScimObject,
  ownValue,
  type ScimObject,
} from '../../protocols/scim/schema.ts';
import type { ScimContext } from './context.ts';
import { listNamedMembers } from './named-members.ts';
import { etagOf } from './preconditions.ts';
import { storedDocument } from './stored-document.ts';

/** The projection key of the manager. */
export const MANAGER = `${enterpriseUserSchema.id}:manager`;

/** The parts of a user that live in other records. */
export interface UserParts {
  readonly groups: readonly ContainingGroup[];
  /** Whether a manager who is one of our users is to be looked up. */
  readonly manager: boolean;
}

/** What a user is presented from: its document as an object, or as the text that storage keeps. */
export type PresentedUser = DirectoryUser | ShownUser;

const textOf = (user: PresentedUser): string =>
  user.attributesText ?? ('attributes' in user ? JSON.stringify(user.attributes) : '{}');

const attributesOf = (user: PresentedUser): DirectoryAttributes =>
  'attributes' in user ? user.attributes : JSON.parse(user.attributesText);

/** Everything a filter or an answer may see of a user, with the given parts. */
export async function fullUser(
  context: ScimContext,
  user: PresentedUser,
  { groups, manager }: UserParts,
): Promise<ScimObject> {
  const attributes = attributesOf(user);
  const resource = storedDocument(attributes);
  Object.assign(resource, frameOf(context, { ...frameFacts(user), attributes }, context.userType));
  resource.active = user.isActive;
  if (manager) await resolveManager(context, resource);
  if (groups.length > 0) resource.groups = groups.map((group) => groupElement(context, group));
  return resource;
}

/**
 * Writes the JSON text of `fullUser` with all its parts, for an answer that shows everything: made around the stored text,
 * which is neither read nor written again. Undefined when something in it must be looked at, such as a manager.
 */
export function quickUserTexts(
  context: ScimContext,
  projection: Projection,
): (user: PresentedUser, groups: readonly ContainingGroup[] | undefined) => string | undefined {
  const { userType } = context;
  if (!isEverythingShown(projection, userType)) return () => undefined;
  const beginning = `{"schemas":["${userType.schema.id}`;
  const type = `"],"id":"`;
  const meta = `","meta":{"resourceType":"${userType.name}","created":"`;
  const location = `","location":"${locationOf(context, userType, '')}`;
  // Ids, addresses, dates and URNs hold nothing that JSON escapes.
  return (user, groups) => {
    const text = textOf(user);
    const extensions = urnKeysIn(text);
    if (!extensions.every(isStandard)) return undefined;
    // Otherwise it was not written by our engines.
    if (!text.includes(user.isActive ? '"active":true' : '"active":false')) return undefined;
    if (text.includes('manager":')) return undefined;
    const { id, createdAt, updatedAt } = user;
    const created = new Date(createdAt).toISOString();
    const lastModified = updatedAt === createdAt ? created : new Date(updatedAt).toISOString();
    const schemas = extensions.length === 0 ? '' : `","${extensions.join('","')}`;
    const tail = groups === undefined ? '}' : `,"groups":[${groupTexts(context, groups)}]}`;
    const frame = `${beginning}${schemas}${type}${id}${meta}${created}","lastModified":"${lastModified}${location}`;
    return `${frame}${id}","version":"W/\\"${user.version}\\""},${text.slice(1, -1)}${tail}`;
  };
}

const groupTexts = (context: ScimContext, groups: readonly ContainingGroup[]): string =>
  groups.map((group) => JSON.stringify(groupElement(context, group))).join();

/** A group without its members. */
export function bareGroup(context: ScimContext, group: DirectoryGroup): ScimObject {
  const { attributes } = group;
  const frame = frameOf(context, { ...frameFacts(group), attributes }, context.groupType);
  return Object.assign(storedDocument(attributes), frame);
}

/** Everything a filter or a sorting may see of a group: members, when it speaks of them. */
export async function fullGroup(
  context: ScimContext,
  group: DirectoryGroup,
  named: (name: string) => boolean,
): Promise<ScimObject> {
  const resource = bareGroup(context, group);
  if (!named('members')) return resource;
  const members = await listNamedMembers(context, group.id, { withNames: named('display') });
  resource.members = members.map((member) => memberElement(context, member, member.name ?? undefined));
  return resource;
}

/** One element of `members`; without `display` when it is not known. */
export function memberElement(context: ScimContext, ref: MemberRef, display?: string): ScimObject {
  const type = ref.memberKind === 'user' ? context.userType : context.groupType;
  return scimObject({
    value: ref.memberId,
    $ref: locationOf(context, type, ref.memberId),
    type: type.name,
    ...(display === undefined ? {} : { display }),
  });
}

function groupElement(context: ScimContext, { groupId, displayName, isDirect }: ContainingGroup): ScimObject {
  return scimObject({
    value: groupId,
    $ref: locationOf(context, context.groupType, groupId),
    display: displayName,
    type: isDirect ? 'direct' : 'indirect',
  });
}

/** The absolute address of a resource, under the directory's own base (dossier 12). */
export function locationOf(context: ScimContext, type: ResourceType, id: string): string {
  return `${context.baseUrl}${type.endpoint}/${id}`;
}

type FrameFacts = Pick<ShownUser | DirectoryGroup, 'id' | 'version' | 'createdAt' | 'updatedAt'>;

const frameFacts = ({ id, version, createdAt, updatedAt }: FrameFacts): FrameFacts => ({
  ...{ id, version, createdAt, updatedAt },
});

/** What every resource carries: schemas, id, meta (RFC 7643 §3.1). */
function frameOf(
  context: ScimContext,
  record: FrameFacts & { readonly attributes: DirectoryAttributes },
  type: ResourceType,
): ScimObject {
  const frame = newScimObject();
  const extensions = type.extensions.map(({ schema }) => schema.id);
  frame.schemas = [type.schema.id, ...extensions.filter((urn) => Object.hasOwn(record.attributes, urn))];
  frame.id = record.id;
  frame.meta = scimObject({
    resourceType: type.name,
    created: new Date(record.createdAt).toISOString(),
    lastModified: new Date(record.updatedAt).toISOString(),
    location: locationOf(context, type, record.id),
    version: etagOf(record.version),
  });
  return frame;
}

/**
 * A manager named by the id of one of our users gets address and name of that user, and is gone when the user is gone
 * (dossier 39). Any other value is the directory's own and stays as sent.
 */
async function resolveManager(context: ScimContext, resource: ScimObject): Promise<void> {
  const extension = ownValue(resource, enterpriseUserSchema.id);
  const manager = isScimObject(extension) ? ownValue(extension, 'manager') : undefined;
  const value = isScimObject(manager) ? ownValue(manager, 'value') : undefined;
  const id = typeof value === 'string' ? parseId('du', value) : undefined;
  if (id === undefined || !isScimObject(extension) || !isScimObject(manager)) return;
  const user = await context.deps.storage.directoryUsers.find(
    context.organizationId,
    context.directoryId,
    id,
  );
  if (user === undefined) {
    delete extension.manager;
    return;
  }
  manager.$ref = locationOf(context, context.userType, id);
  const { displayName } = user.attributes;
  if (typeof displayName === 'string') manager.displayName = displayName;
}

function scimObject(values: Readonly<Record<string, string>>): ScimObject {
  return Object.assign(newScimObject(), values);
}
