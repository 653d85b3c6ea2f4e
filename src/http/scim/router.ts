/** The SCIM routes of every directory. */
import { MAX_BULK_BYTES } from '../../protocols/scim/bulk.ts';
import { bulkHandler } from './bulk.ts';
import {
  getResourceType,
  getSchema,
  getServiceProviderConfig,
  listResourceTypes,
  listSchemas,
} from './discovery.ts';
import { createDispatch, type Dispatch, type ScimRoute } from './dispatch.ts';
import {
  createGroup,
  deleteGroup,
  getGroup,
  listGroups,
  patchGroup,
  replaceGroup,
  searchGroups,
} from './groups.ts';
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
