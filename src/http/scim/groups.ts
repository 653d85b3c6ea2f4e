/** /Groups: creates, reads, replaces, patches, deletes and lists the groups of one directory (RFC 7644 §3.3-3.6). */
import type { Request, Response } from 'express';
import {
  changeDirectoryGroup,
  createDirectoryGroup,
  getDirectoryGroup,
  removeDirectoryGroup,
} from '../../core/directory/directory-groups.ts';
import type { GroupField, GroupOrder } from '../../core/directory/directory-query.ts';
import type { GroupMemberChange } from '../../core/directory/group-members.ts';
import type { DirectoryGroup } from '../../core/entities/directory.ts';
import type { DirectoryGroupId } from '../../kernel/ids.ts';
import { parseId } from '../../kernel/ids.ts';
import { type Projection, parseProjection } from '../../protocols/scim/attributes.ts';
import { applyPatch, parsePatch } from '../../protocols/scim/patch.ts';
import { type ResourceInput, readResource } from '../../protocols/scim/resource-input.ts';
import { sameValue } from '../../protocols/scim/resource-values.ts';
import type { ScimObject } from '../../protocols/scim/schema.ts';
import { openAnswer, sendNoContent, sendNotModified, tagResource } from './answers.ts';
import type { ScimContext } from './context.ts';
import type { ListSource } from './list-page.ts';
import { type ListWishes, queryWishes, searchWishes } from './list-wishes.ts';
import { type ListKind, listKind, sendList } from './lists.ts';
import { displaysFor, idsOf, memberSteps } from './member-steps.ts';
import { type NotedTolerances, noteTolerances } from './noted-tolerances.ts';
import { isKnownVersion, preconditionOf } from './preconditions.ts';
import { fullGroup, locationOf } from './present.ts';
import { groupFields, groupOrders } from './query.ts';
import { toGroupInput } from './record-input.ts';
import { noSuchResource } from './refusals.ts';
import { writeGroup } from './resource-texts.ts';
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
  await sendList(context, res, { wishes, kinds: [groupsOf(context)] });
}

/** The groups of the directory, for lists and searches. */
export function groupsOf(context: ScimContext): ListKind {
  const { deps, organizationId, directoryId } = context;
  const { directoryGroups } = deps.storage;
  const source: ListSource<DirectoryGroup, GroupField, GroupOrder> = {
    fields: groupFields,
    orders: groupOrders,
    query: (query, page) => directoryGroups.query(organizationId, directoryId, query, page),
    queryShown: (query, page) => directoryGroups.query(organizationId, directoryId, query, page),
    scan: (query, page) => directoryGroups.scan(organizationId, directoryId, query, page),
    find: async (text) => {
      const id = parseId('dg', text);
      return id && directoryGroups.find(organizationId, directoryId, id);
    },
    resourceOf: (row, named) => fullGroup(context, row, named),
  };
  return listKind(context.groupType, source);
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
  tagResource(res, group.version, locationOf(context, context.groupType, group.id));
  await sendWhole(context, res, { status: 201, group, projection });
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
  tagResource(res, group.version);
  await sendWhole(context, res, { status: 200, group, projection });
}

async function sendWhole(
  context: ScimContext,
  res: Response,
  answer: { readonly status: number; readonly group: DirectoryGroup; readonly projection: Projection },
): Promise<void> {
  const out = openAnswer(res, answer.status);
  await writeGroup(out, context, answer);
  out.end('');
}

const projectionOf = (context: ScimContext, req: Request): Projection =>
  parseProjection(queryWishes(req), context.groupType);

/** An id of another shape answers exactly as one that is not there (S106). */
function groupIdOf(req: Request): DirectoryGroupId {
  const id = parseId('dg', String(req.params.id));
  if (id === undefined) throw noSuchResource(req);
  return id;
}
