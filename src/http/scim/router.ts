/** The SCIM routes of every directory: guard first, then method, then body; all errors in SCIM's own form. */
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { GatehouseError } from '../../kernel/errors.ts';
import { MAX_BULK_BYTES } from '../../protocols/scim/bulk.ts';
import type { HttpDeps } from '../deps.ts';
import { renderScimError } from '../errors/scim.ts';
import { bulkHandler } from './bulk.ts';
import { directoryGuard } from './context.ts';
import {
  getResourceType,
  getSchema,
  getServiceProviderConfig,
  listResourceTypes,
  listSchemas,
} from './discovery.ts';
import { createDispatch, type Dispatch, decoded, pathOf, type ScimRoute } from './dispatch.ts';
import {
  createGroup,
  deleteGroup,
  getGroup,
  listGroups,
  patchGroup,
  replaceGroup,
  searchGroups,
} from './groups.ts';
import { admitDirectories } from './rate-limiting.ts';
import { noteFailure, recordExchanges } from './recording.ts';
import { searchAll } from './search.ts';
import { createUser, deleteUser, getUser, listUsers, patchUser, replaceUser, searchUsers } from './users.ts';

/** Every address of a directory that answers one request; the first one that fits answers. */
const singleRoutes: readonly ScimRoute[] = [
  { path: '/Users', handlers: { get: listUsers, post: createUser } },
  { path: '/Users/.search', handlers: { post: searchUsers } },
  { path: '/Users/:id', handlers: { get: getUser, put: replaceUser, patch: patchUser, delete: deleteUser } },
  { path: '/Groups', handlers: { get: listGroups, post: createGroup } },
  { path: '/Groups/.search', handlers: { post: searchGroups } },
  {
    path: '/Groups/:id',
    handlers: { get: getGroup, put: replaceGroup, patch: patchGroup, delete: deleteGroup },
  },
  { path: '/ServiceProviderConfig', handlers: { get: getServiceProviderConfig } },
  { path: '/ResourceTypes', handlers: { get: listResourceTypes } },
  { path: '/ResourceTypes/:id', handlers: { get: getResourceType } },
  { path: '/Schemas', handlers: { get: listSchemas } },
  { path: '/Schemas/:id', handlers: { get: getSchema } },
  { path: '/.search', handlers: { post: searchAll } },
];

/** An organization's token is nobody in particular (dossier 64). */
const UNOFFERED = ['/Me'];

/** Every address of a directory. The operations of a Bulk go through the others, never through /Bulk itself (S127). */
export const scimRoutes: readonly ScimRoute[] = [
  ...singleRoutes,
  {
    path: '/Bulk',
    handlers: { post: bulkHandler(createDispatch(singleRoutes, UNOFFERED)) },
    limitBytes: MAX_BULK_BYTES,
  },
];

/** The addresses of one directory without their guard, for requests whose `res.locals.scim` is there already. */
export const dispatchUnguarded: Dispatch = createDispatch(scimRoutes, UNOFFERED);

/** What answers everything below /scim/v2: recorded, guarded, held to the rate limit; errors in SCIM's own form. */
export function createScimSurface(deps: HttpDeps): readonly (RequestHandler | ErrorRequestHandler)[] {
  const record = recordExchanges(deps);
  const guard = directoryGuard(deps);
  const admit = deps.rateLimits && admitDirectories(deps.rateLimits, deps.clock);
  const serve = async (req: Request, res: Response): Promise<void> => {
    res.setHeader('Cache-Control', 'no-store');
    const { directoryId, path } = addressIn(req.url);
    record(req, res);
    await guard(directoryId, req, res);
    if (admit !== undefined) await admit(res);
    await dispatchUnguarded(path, req, res);
  };
  return [serve, noteFailure, renderScimError];
}

/** `/{directoryId}{path}?query` taken apart. Throws `not_found` when there is no directory in it. */
function addressIn(url: string): { readonly directoryId: string; readonly path: string } {
  const path = pathOf(url);
  const slash = path.indexOf('/', 1);
  const end = slash === -1 ? path.length : slash;
  if (end <= 1) throw new GatehouseError('not_found', 'There is nothing at this address.');
  return { directoryId: decoded(path.slice(1, end)), path: path.slice(end) };
}
