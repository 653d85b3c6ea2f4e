/** Mounts the SCIM routes of every directory: guard first, then method, then body; all errors in SCIM's own form. */
import type { Request, Response } from 'express';
import { Router } from 'express';
import { GatehouseError } from '../../kernel/errors.ts';
import { MAX_BULK_BYTES } from '../../protocols/scim/bulk.ts';
import type { HttpDeps } from '../deps.ts';
import { renderScimError } from '../errors/scim.ts';
import { strictJson } from '../json-body.ts';
import { bulkHandler } from './bulk.ts';
import { directoryGuard, type ScimHandler, scimContextOf } from './context.ts';
import {
  getResourceType,
  getSchema,
  getServiceProviderConfig,
  listResourceTypes,
  listSchemas,
} from './discovery.ts';
import {
  createGroup,
  deleteGroup,
  getGroup,
  listGroups,
  patchGroup,
  replaceGroup,
  searchGroups,
} from './groups.ts';
import { limitDirectories } from './rate-limiting.ts';
import { noteFailure, recordExchanges } from './recording.ts';
import { refuseUnoffered } from './refusals.ts';
import { searchAll } from './search.ts';
import { createUser, deleteUser, getUser, listUsers, patchUser, replaceUser, searchUsers } from './users.ts';

/** A replace of 10,000 members with display and $ref is about 1.5 MiB (dossier 5.16). */
const BODY_LIMIT_BYTES = 4 * 1024 * 1024;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
type Method = (typeof METHODS)[number];

interface ScimRoute {
  /** Below `/:directoryId`. */
  readonly path: string;
  /** Methods that are missing answer 405. */
  readonly handlers: Readonly<Partial<Record<Method, ScimHandler>>>;
  /** The largest body in bytes; 4 MiB if absent. */
  readonly limitBytes?: number;
}

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
    handlers: { post: bulkHandler(routerWithEnd(singleRoutes)) },
    limitBytes: MAX_BULK_BYTES,
  },
];

/** The router below /scim/v2. */
export function createScimRouter(deps: HttpDeps): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.use((_req, res, next) => {
    res.setHeader('Cache-Control', 'no-store');
    next();
  });
  const limit = deps.rateLimits === undefined ? [] : [limitDirectories(deps.rateLimits, deps.clock)];
  router.use(
    '/:directoryId',
    recordExchanges(deps),
    directoryGuard(deps),
    ...limit,
    createDirectoryRouter(scimRoutes),
  );
  mountEnd(router);
  return router;
}

/** What stands behind all addresses: the one that knows none, and the rendering of errors. */
function mountEnd(router: Router): void {
  router.use(refuseUnknown);
  router.use(noteFailure);
  router.use(renderScimError);
}

/** The addresses of one directory without their guard, for requests whose `res.locals.scim` is there already. */
export const createUnguardedRouter = (): Router => routerWithEnd(scimRoutes);

function routerWithEnd(routes: readonly ScimRoute[]): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.use(createDirectoryRouter(routes));
  mountEnd(router);
  return router;
}

function createDirectoryRouter(routes: readonly ScimRoute[]): Router {
  const router = Router({ caseSensitive: true, strict: true });
  for (const { path, handlers, limitBytes } of routes) {
    const readBody = readBodyOf(limitBytes ?? BODY_LIMIT_BYTES);
    for (const method of METHODS) {
      const handler = handlers[method];
      if (handler === undefined) continue;
      const takesBody = method !== 'get' && method !== 'delete';
      router[method](path, ...(takesBody ? readBody : []), (req: Request, res: Response) =>
        handler(scimContextOf(res), req, res),
      );
    }
    router.all(path, refuseMethod(handlers));
  }
  for (const path of UNOFFERED) router.all(path, refuseUnoffered);
  return router;
}

function readBodyOf(limit: number) {
  return strictJson({ limit, types: ['application/scim+json', 'application/json'], alsoAccept: [] });
}

function refuseMethod(handlers: ScimRoute['handlers']) {
  const allowed = METHODS.filter((method) => handlers[method] !== undefined);
  const allow = [...(handlers.get === undefined ? [] : ['HEAD']), ...allowed].join(', ').toUpperCase();
  return (req: Request, res: Response): never => {
    res.setHeader('Allow', allow);
    throw new GatehouseError('method_not_allowed', `${req.method} does not apply here.`);
  };
}

function refuseUnknown(): never {
  throw new GatehouseError('not_found', 'There is nothing at this address.');
}
