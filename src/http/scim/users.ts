/** /Users: creates, reads, replaces, patches, deletes and lists the people of one directory (RFC 7644 §3.3-3.6). */
import type { Request, Response } from 'express';
import { containingGroups } from '../../core/directory/containing-groups.ts';
import type { UserField, UserOrder } from '../../core/directory/directory-query.ts';
import {
  changeDirectoryUser,
  provisionUser,
  removeDirectoryUser,
  showDirectoryUser,
} from '../../core/directory/directory-users.ts';
import type { DirectoryUser } from '../../core/entities/directory.ts';
import type { DirectoryUserId } from '../../kernel/ids.ts';
import { parseId } from '../../kernel/ids.ts';
import { type Projection, parseProjection } from '../../protocols/scim/attributes.ts';
import { applyPatch, parsePatch } from '../../protocols/scim/patch.ts';
import { readResource } from '../../protocols/scim/resource-input.ts';
import { sameValue } from '../../protocols/scim/resource-values.ts';
import type { ScimObject } from '../../protocols/scim/schema.ts';
import { sendNoContent, sendNotModified, sendText, tagResource } from './answers.ts';
import type { ScimContext } from './context.ts';
import type { ListSource } from './list-page.ts';
import { type ListWishes, queryWishes, searchWishes } from './list-wishes.ts';
import { type ListKind, listKind, sendList } from './lists.ts';
import { type NotedTolerances, noteTolerances } from './noted-tolerances.ts';
import { isKnownVersion, preconditionOf } from './preconditions.ts';
import { fullUser, locationOf, type PresentedUser } from './present.ts';
import { userOrders } from './query.ts';
import { toUserInput } from './record-input.ts';
import { noSuchResource } from './refusals.ts';
import { type ListedRow, userText } from './resource-texts.ts';
import { knownPart } from './resource-types.ts';
import { noteSharedExternalId } from './shared-external-id.ts';
import { storedDocument } from './stored-document.ts';

/** GET /Users. */
export function listUsers(context: ScimContext, req: Request, res: Response): Promise<void> {
  return sendUserList(context, res, queryWishes(req));
}

/** POST /Users/.search. */
export function searchUsers(context: ScimContext, req: Request, res: Response): Promise<void> {
  return sendUserList(context, res, searchWishes(req.body));
}

function sendUserList(context: ScimContext, res: Response, wishes: ListWishes): Promise<void> {
  return sendList(context, res, { wishes, kinds: [usersOf(context)] });
}

/** The people of the directory, for lists and searches. */
export function usersOf(context: ScimContext): ListKind {
  const { deps, organizationId, directoryId } = context;
  const { directoryUsers } = deps.storage;
  const source: ListSource<DirectoryUser, UserField, UserOrder, ListedRow> = {
    fields: context.userFields,
    orders: userOrders,
    query: (query, page) => directoryUsers.query(organizationId, directoryId, query, page),
    queryShown: (query, page) => directoryUsers.queryShown(organizationId, directoryId, query, page),
    scan: (query, page) => directoryUsers.scan(organizationId, directoryId, query, page),
    find: async (text) => {
      const id = parseId('du', text);
      return id && directoryUsers.find(organizationId, directoryId, id);
    },
    resourceOf: async (row, named) => {
      const around = named('groups')
        ? await containingGroups(deps.storage, organizationId, [row.id])
        : undefined;
      return fullUser(context, row, { groups: around?.get(row.id) ?? [], manager: named('manager') });
    },
  };
  return listKind(context.userType, source);
}

/** POST /Users: 201 with Location and ETag. */
export async function createUser(context: ScimContext, req: Request, res: Response): Promise<void> {
  const projection = projectionOf(context, req);
  const input = readResource(req.body, context.userType, { mode: 'create' });
  noteTolerances(res, input);
  const user = await provisionUser(context.deps, { ...context, user: toUserInput(input.resource, context) });
  await noteSharedExternalId(context, res, { user, noted: input });
  tagResource(res, user.version, locationOf(context, context.userType, user.id));
  sendText(res, 201, await userText(context, user, { projection, isNew: true }));
}

/** GET /Users/{id}: 304 when the SCIM client has that version. */
export async function getUser(context: ScimContext, req: Request, res: Response): Promise<void> {
  const projection = projectionOf(context, req);
  const user = await showDirectoryUser(context.deps.storage, context, userIdOf(req));
  if (isKnownVersion(req, user.version)) sendNotModified(res, user.version);
  else await sendUser(context, res, { user, projection });
}

/** PUT /Users/{id}: replaces, never creates. What changes nothing keeps version and dates (dossier 22, 36, 37). */
export async function replaceUser(context: ScimContext, req: Request, res: Response): Promise<void> {
  await changeUser(context, { req, res }, (existing) =>
    readResource(req.body, context.userType, { mode: 'replace', existing }),
  );
}

/** PATCH /Users/{id}: all operations or none; 200 with the user as it is now (dossier 85, 89). */
export async function patchUser(context: ScimContext, req: Request, res: Response): Promise<void> {
  const operations = parsePatch(req.body);
  await changeUser(context, { req, res }, (existing) => applyPatch(existing, operations, context.userType));
}

interface Exchange {
  readonly req: Request;
  readonly res: Response;
}

/** Runs `next` on the stored document inside the transaction. A pushed password is dropped: people sign in through SSO. */
async function changeUser(
  context: ScimContext,
  { req, res }: Exchange,
  next: (existing: ScimObject) => NotedTolerances & { readonly resource: ScimObject },
): Promise<void> {
  const projection = projectionOf(context, req);
  const check = preconditionOf(req);
  let noted: NotedTolerances = { tolerances: [], unknownAttributes: [] };
  let formerExternalId: string | null = null;
  const user = await changeDirectoryUser(context.deps, {
    ...context,
    id: userIdOf(req),
    change: (current) => {
      check(current.version);
      formerExternalId = current.externalId;
      const existing = knownPart(storedDocument(current.attributes), context.userType);
      const changed = next(existing);
      noted = changed;
      return sameValue(existing, changed.resource) ? undefined : toUserInput(changed.resource, context);
    },
  });
  noteTolerances(res, noted);
  if (user.externalId !== formerExternalId) await noteSharedExternalId(context, res, { user, noted });
  await sendUser(context, res, { user, projection });
}

/** DELETE /Users/{id}: 204; membership, sessions and grants end with it. */
export async function deleteUser(context: ScimContext, req: Request, res: Response): Promise<void> {
  const check = preconditionOf(req);
  await removeDirectoryUser(context.deps, {
    ...context,
    id: userIdOf(req),
    check: (current) => check(current.version),
  });
  sendNoContent(res);
}

async function sendUser(
  context: ScimContext,
  res: Response,
  answer: { readonly user: PresentedUser; readonly projection: Projection },
): Promise<void> {
  const { user, projection } = answer;
  tagResource(res, user.version);
  sendText(res, 200, await userText(context, user, { projection }));
}

const projectionOf = (context: ScimContext, req: Request): Projection =>
  parseProjection(queryWishes(req), context.userType);

/** An id of another shape answers exactly as one that is not there (S106). */
function userIdOf(req: Request): DirectoryUserId {
  const id = parseId('du', String(req.params.id));
  if (id === undefined) throw noSuchResource(req);
  return id;
}
