/** /Groups: creates, reads, replaces, patches, deletes and lists the groups of one directory (RFC 7644 §3.3-3.6). */
import type { Request, Response } from 'express';
import {
  changeDirectoryGroup,
  createDirectoryGroup,
  getDirectoryGroup,
  removeDirectoryGroup,
} from '../../core/directory-groups.ts';
import type { GroupField } from '../../core/directory-query.ts';
import type { DirectoryGroup } from '../../core/entities/directory.ts';
import type { GroupMemberChange } from '../../core/group-members.ts';
import type { DirectoryGroupId } from '../../kernel/ids.ts';
import { parseId } from '../../kernel/ids.ts';
import { type Projection, parseProjection } from '../../protocols/scim/attributes.ts';
import { type Filter, parseFilter } from '../../protocols/scim/filter.ts';
import { listResponse, parsePaging } from '../../protocols/scim/list-response.ts';
import { applyPatch, parsePatch } from '../../protocols/scim/patch.ts';
import { type ResourceInput, readResource } from '../../protocols/scim/resource-input.ts';
import { sameValue } from '../../protocols/scim/resource-values.ts';
import type { ScimObject } from '../../protocols/scim/schema.ts';
import { sendNoContent, sendNotModified, sendResource, sendScim } from './answers.ts';
import type { ScimContext } from './context.ts';
import { findListPage, type ListSource } from './list-page.ts';
import { type ListWishes, queryWishes, searchWishes } from './list-wishes.ts';
import { displaysFor, idsOf, memberSteps } from './member-steps.ts';
import { type NotedTolerances, noteTolerances } from './noted-tolerances.ts';
import { isKnownVersion, preconditionOf } from './preconditions.ts';
import { fullGroup, type GroupParts, locationOf, presentGroup } from './present.ts';
import { groupFields, speaksOf } from './query.ts';
import { toGroupInput } from './record-input.ts';
import { noSuchResource } from './refusals.ts';
import { storedDocument } from './stored-document.ts';

/** GET /Groups. */
export async function listGroups(context: ScimContext, req: Request, res: Response): Promise<void> {
  await sendGroupList(context, res, queryWishes(req));
}

/** POST /Groups/.search. */
export async function searchGroups(context: ScimContext, req: Request, res: Response): Promise<void> {
  await sendGroupList(context, res, searchWishes(req.body));
}

async function sendGroupList(context: ScimContext, res: Response, wishes: ListWishes): Promise<void> {
  const projection = parseProjection(wishes, context.groupType);
  const paging = parsePaging(wishes);
  const filter = wishes.filter === undefined ? undefined : parseFilter(wishes.filter, context.groupType);
  const { rows, total } = await findListPage(groupSource(context), filter, paging);
  const resources = await Promise.all(rows.map((row) => presentGroup(context, row, projection)));
  const { startIndex } = paging;
  sendScim(res, 200, listResponse({ resources, totalResults: total, startIndex }));
}

function groupSource(context: ScimContext): ListSource<DirectoryGroup, GroupField> {
  const { deps, organizationId, directoryId } = context;
  const { directoryGroups } = deps.storage;
  return {
    fields: groupFields,
    query: (query, page) => directoryGroups.query(organizationId, directoryId, query, page),
    scan: (query, page) => directoryGroups.scan(organizationId, directoryId, query, page),
    resourceOf: (row, filter) => fullGroup(context, row, { members: membersFor(filter) }),
  };
}

/** Membership of a group by id is answered by storage alone; display names cost a look at every member. */
function membersFor(filter: Filter): GroupParts['members'] {
  if (!speaksOf(filter, 'members')) return 'none';
  return speaksOf(filter, 'display') ? 'displays' : 'ids';
}

/** POST /Groups: 201 with Location and ETag. A member this directory does not have: 400 (dossier 115). */
export async function createGroup(context: ScimContext, req: Request, res: Response): Promise<void> {
  const projection = projectionOf(context, req);
  const input = readResource(req.body, context.groupType, { mode: 'create' });
  noteTolerances(res, input);
  const group = await createDirectoryGroup(context.deps, {
    ...context,
    group: toGroupInput(input.resource),
    memberIds: idsOf(input.members ?? []),
  });
  const resource = await presentGroup(context, group, projection);
  const location = locationOf(context, context.groupType, group.id);
  sendResource(res, 201, { version: group.version, resource, location });
}

/** GET /Groups/{id}: 304 when the SCIM client has that version. */
export async function getGroup(context: ScimContext, req: Request, res: Response): Promise<void> {
  const projection = projectionOf(context, req);
  const group = await getDirectoryGroup(context.deps.storage, context, groupIdOf(req));
  if (isKnownVersion(req, group.version)) sendNotModified(res, group.version);
  else await sendGroup(context, res, { group, projection });
}

/** PUT /Groups/{id}: replaces attributes and membership, never creates. */
export async function replaceGroup(context: ScimContext, req: Request, res: Response): Promise<void> {
  const projection = projectionOf(context, req);
  const group = await changeGroup(context, { req, res }, (existing) => {
    const input = readResource(req.body, context.groupType, { mode: 'replace', existing });
    return { ...input, memberSteps: replacedMembers(input) };
  });
  await sendGroup(context, res, { group, projection });
}

/**
 * RFC 7644 §3.5.1 has a PUT without members clear them. Only a body that names its schema is trusted to mean that:
 * a request that was not understood must not empty a group (dossier 38, 69).
 */
function replacedMembers({ members, tolerances }: ResourceInput): readonly GroupMemberChange[] {
  if (members === undefined && tolerances.includes('schemas_missing')) return [];
  return [{ kind: 'replace', memberIds: idsOf(members ?? []) }];
}

/** PATCH /Groups/{id}: all operations or none; 204, or 200 with the group when attributes are asked for (dossier 41, 89). */
export async function patchGroup(context: ScimContext, req: Request, res: Response): Promise<void> {
  const wishes = queryWishes(req);
  const operations = parsePatch(req.body);
  const displays = await displaysFor(context, groupIdOf(req), operations);
  const group = await changeGroup(context, { req, res }, (existing) => {
    const patched = applyPatch(existing, operations, context.groupType);
    return { ...patched, memberSteps: memberSteps(context, patched.memberChanges, displays) };
  });
  if (wishes.attributes === undefined && wishes.excludedAttributes === undefined) {
    sendNoContent(res, group.version);
    return;
  }
  await sendGroup(context, res, { group, projection: parseProjection(wishes, context.groupType) });
}

interface Exchange {
  readonly req: Request;
  readonly res: Response;
}

type GroupStep = NotedTolerances & {
  readonly resource: ScimObject;
  readonly memberSteps: readonly GroupMemberChange[];
};

/** Runs `next` on the stored document inside the transaction that applies what it answers. */
async function changeGroup(
  context: ScimContext,
  { req, res }: Exchange,
  next: (existing: ScimObject) => GroupStep,
): Promise<DirectoryGroup> {
  const check = preconditionOf(req);
  let noted: NotedTolerances = { tolerances: [], unknownAttributes: [] };
  const group = await changeDirectoryGroup(context.deps, {
    ...context,
    id: groupIdOf(req),
    change: (current) => {
      check(current.version);
      const existing = storedDocument(current.attributes);
      const step = next(existing);
      noted = step;
      return {
        group: sameValue(existing, step.resource) ? undefined : toGroupInput(step.resource),
        memberChanges: step.memberSteps,
      };
    },
  });
  noteTolerances(res, noted);
  return group;
}

/** DELETE /Groups/{id}: 204; the roles that came through the group go with it. */
export async function deleteGroup(context: ScimContext, req: Request, res: Response): Promise<void> {
  const check = preconditionOf(req);
  await removeDirectoryGroup(context.deps, {
    ...context,
    id: groupIdOf(req),
    check: (current) => check(current.version),
  });
  sendNoContent(res);
}

async function sendGroup(
  context: ScimContext,
  res: Response,
  answer: { readonly group: DirectoryGroup; readonly projection: Projection },
): Promise<void> {
  const { group, projection } = answer;
  sendResource(res, 200, {
    version: group.version,
    resource: await presentGroup(context, group, projection),
  });
}

const projectionOf = (context: ScimContext, req: Request): Projection =>
  parseProjection(queryWishes(req), context.groupType);

/** An id of another shape answers exactly as one that is not there (S106). */
function groupIdOf(req: Request): DirectoryGroupId {
  const id = parseId('dg', String(req.params.id));
  if (id === undefined) throw noSuchResource(req);
  return id;
}
