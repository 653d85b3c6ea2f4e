/** From stored records to SCIM resources: the only place that says what a user or a group looks like from outside. */

import type { DirectoryGroup, DirectoryUser } from '../../core/entities/directory.ts';
import { listAllMembers } from '../../core/group-members.ts';
import type { MemberRef } from '../../core/ports/directories.ts';
import { groupsOf } from '../../core/role-projection.ts';
import { parseId } from '../../kernel/ids.ts';
import type { Projection } from '../../protocols/scim/attributes.ts';
import { project, wants } from '../../protocols/scim/attributes.ts';
import type { ResourceType } from '../../protocols/scim/schema.ts';
import {
  enterpriseUserSchema,
  isScimObject,
  newScimObject,
  ownValue,
  type ScimObject,
} from '../../protocols/scim/schema.ts';
import type { ScimContext } from './context.ts';
import { memberDisplays } from './member-displays.ts';
import { etagOf } from './preconditions.ts';
import { storedDocument } from './stored-document.ts';

const MANAGER = `${enterpriseUserSchema.id}:manager`;

/** The parts of a user that live in other records and cost a look-up. */
export interface UserParts {
  readonly groups: boolean;
  readonly manager: boolean;
}

/** `ids`: members without their display names. */
export interface GroupParts {
  readonly members: 'none' | 'ids' | 'displays';
}

/** The user as an answer shows it: only what is wanted is loaded (dossier 5.7). */
export async function presentUser(
  context: ScimContext,
  user: DirectoryUser,
  projection: Projection,
): Promise<ScimObject> {
  const parts = { groups: wants(projection, 'groups'), manager: wants(projection, MANAGER) };
  return project(await fullUser(context, user, parts), projection, context.userType);
}

/** The group as an answer shows it; its members are not touched unless they are wanted (dossier 34). */
export async function presentGroup(
  context: ScimContext,
  group: DirectoryGroup,
  projection: Projection,
): Promise<ScimObject> {
  const members = !wants(projection, 'members') ? 'none' : wantsDisplay(projection) ? 'displays' : 'ids';
  return project(await fullGroup(context, group, { members }), projection, context.groupType);
}

/** Everything a filter or an answer may see of a user, with the given parts. */
export async function fullUser(
  context: ScimContext,
  user: DirectoryUser,
  parts: UserParts,
): Promise<ScimObject> {
  const resource = withFrame(context, user, context.userType);
  resource.active = user.isActive;
  if (parts.manager) await resolveManager(context, resource);
  if (parts.groups) {
    const groups = await groupsOf(context.deps.storage, context.organizationId, user.id);
    resource.groups = groups.map(({ group, isDirect }) =>
      scimObject({
        value: group.id,
        $ref: locationOf(context, context.groupType, group.id),
        display: group.displayName,
        type: isDirect ? 'direct' : 'indirect',
      }),
    );
  }
  return resource;
}

/** Everything a filter or an answer may see of a group, with the given parts. */
export async function fullGroup(
  context: ScimContext,
  group: DirectoryGroup,
  parts: GroupParts,
): Promise<ScimObject> {
  const resource = withFrame(context, group, context.groupType);
  if (parts.members === 'none') return resource;
  const refs = await listAllMembers(context.deps.storage, context.organizationId, group.id);
  const displays = parts.members === 'ids' ? new Map() : await memberDisplays(context, group.id, refs);
  resource.members = refs.map((ref) => memberElement(context, ref, displays.get(ref.memberId)));
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

/** The absolute address of a resource, under the directory's own base (dossier 12). */
export function locationOf(context: ScimContext, type: ResourceType, id: string): string {
  return `${context.baseUrl}${type.endpoint}/${id}`;
}

/** The stored document with what every resource carries: schemas, id, meta (RFC 7643 §3.1). */
function withFrame(
  context: ScimContext,
  record: DirectoryUser | DirectoryGroup,
  type: ResourceType,
): ScimObject {
  const resource = storedDocument(record.attributes);
  const extensions = type.extensions.map(({ schema }) => schema.id);
  resource.schemas = [type.schema.id, ...extensions.filter((id) => Object.hasOwn(resource, id))];
  resource.id = record.id;
  resource.meta = scimObject({
    resourceType: type.name,
    created: new Date(record.createdAt).toISOString(),
    lastModified: new Date(record.updatedAt).toISOString(),
    location: locationOf(context, type, record.id),
    version: etagOf(record.version),
  });
  return resource;
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
  const displayName = ownValue(storedDocument(user.attributes), 'displayName');
  if (displayName !== undefined) manager.displayName = displayName;
}

function wantsDisplay(projection: Projection): boolean {
  const only = projection.only?.get('members');
  const except = projection.except.get('members');
  if (except instanceof Set && except.has('display')) return false;
  return only === undefined || only === 'whole' || only.has('display');
}

function scimObject(values: Readonly<Record<string, string>>): ScimObject {
  return Object.assign(newScimObject(), values);
}
