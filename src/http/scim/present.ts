/** From stored records to SCIM resources: the only place that says what a user or a group looks like from outside. */

import type { ContainingGroup } from '../../core/containing-groups.ts';
import type { DirectoryGroup, DirectoryUser } from '../../core/entities/directory.ts';
import type { MemberRef } from '../../core/ports/directories.ts';
import { parseId } from '../../kernel/ids.ts';
import { isShownAsStored, type Projection, urnKeysIn } from '../../protocols/scim/attributes.ts';
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

/** Everything a filter or an answer may see of a user, with the given parts. */
export async function fullUser(
  context: ScimContext,
  user: DirectoryUser,
  { groups, manager }: UserParts,
): Promise<ScimObject> {
  const resource = storedDocument(user.attributes);
  Object.assign(resource, frameOf(context, user, context.userType));
  resource.active = user.isActive;
  if (manager) await resolveManager(context, resource);
  if (groups.length > 0) resource.groups = groups.map((group) => groupElement(context, group));
  return resource;
}

/**
 * The JSON text of `fullUser` with all its parts, for an answer that shows everything: made around the stored text, which
 * is neither read nor written again. Undefined when something in it must be looked at, such as a manager.
 */
export function quickUserText(
  context: ScimContext,
  user: DirectoryUser,
  { projection, groups }: { readonly projection: Projection; readonly groups: readonly ContainingGroup[] },
): string | undefined {
  const text = user.attributesText ?? JSON.stringify(user.attributes);
  const extensions = urnKeysIn(text);
  if (!isShownAsStored(extensions, projection, context.userType)) return undefined;
  // Otherwise it was not written by our engines.
  if (!text.includes(`"active":${user.isActive}`)) return undefined;
  if (text.includes('"manager":')) return undefined;
  const frame = frameText(context, user, extensions);
  const around = groups.map((group) => JSON.stringify(groupElement(context, group))).join();
  const tail = around === '' ? '' : `,"groups":[${around}]`;
  return `${frame},${text.slice(1, -1)}${tail}}`;
}

/** The beginning of a user's text, the same as `frameOf`: ids, addresses, dates and URNs hold nothing that JSON escapes. */
function frameText(
  context: ScimContext,
  { id, version, createdAt, updatedAt }: DirectoryUser,
  extensions: readonly string[],
): string {
  const { name, schema } = context.userType;
  const schemas = [schema.id, ...extensions].join('","');
  const created = new Date(createdAt).toISOString();
  const lastModified = updatedAt === createdAt ? created : new Date(updatedAt).toISOString();
  const location = locationOf(context, context.userType, id);
  return (
    `{"schemas":["${schemas}"],"id":"${id}","meta":{"resourceType":"${name}","created":"${created}",` +
    `"lastModified":"${lastModified}","location":"${location}","version":"W/\\"${version}\\""}`
  );
}

/** A group without its members. */
export function bareGroup(context: ScimContext, group: DirectoryGroup): ScimObject {
  return Object.assign(storedDocument(group.attributes), frameOf(context, group, context.groupType));
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

/** What every resource carries: schemas, id, meta (RFC 7643 §3.1). */
function frameOf(
  context: ScimContext,
  record: DirectoryUser | DirectoryGroup,
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
