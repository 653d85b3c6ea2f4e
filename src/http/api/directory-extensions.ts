/** Schema extensions of a directory over the management API. */
import { setImmediate } from 'node:timers/promises';
import { getDirectory } from '../../core/directory/directories.ts';
import {
  addExtension,
  getExtensionOf,
  removeExtension,
  replaceExtension,
} from '../../core/directory/directory-extensions.ts';
import { extensionReader } from '../scim/extension-reader.ts';
import { extensionBody, extensionShape, newExtensionBody, toExtension } from './extension-fields.ts';
import { wholeList, wholeListOf } from './paging.ts';
import { pathId } from './path-ids.ts';
import type { ApiRoute, OrganizationContext } from './route.ts';
import { organizationRoute } from './route.ts';

const tag = 'directories';
const guard = { kind: 'organization', permission: 'scim.manage' } as const;

type Params = Readonly<Record<string, string>>;

const directoryOf = ({ deps, organization }: OrganizationContext, params: Params) =>
  getDirectory(deps.storage, organization.id, pathId('dir', params, 'directory'));

const placeOf = ({ cause, organization }: OrganizationContext, params: Params) => ({
  organizationId: organization.id,
  directoryId: pathId('dir', params, 'directory'),
  cause,
});

/** How stored documents are read, with a turn for other requests between pages of them. */
const reading = { readerOf: extensionReader, pause: () => setImmediate() };

const readRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/directories/:directory/extensions',
    operationId: 'listDirectoryExtensions',
    summary: 'Lists the schema extensions of a directory, in the order in which they were added.',
    tag,
    guard,
    status: 200,
    response: wholeListOf(extensionShape),
    errors: [],
    handle: async (context, { params }) =>
      wholeList((await directoryOf(context, params)).extensions, (extension) => extension),
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/directories/:directory/extensions/:urn',
    operationId: 'getDirectoryExtension',
    summary: 'Answers one extension; its URN compares without case.',
    tag,
    guard,
    status: 200,
    response: extensionShape,
    errors: [],
    handle: async (context, { params }) =>
      getExtensionOf(await directoryOf(context, params), params.urn ?? ''),
  }),
];

const writeRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/directories/:directory/extensions',
    operationId: 'createDirectoryExtension',
    summary: 'Adds a schema extension: from now on this directory stores, shows and checks its attributes.',
    tag,
    guard,
    body: newExtensionBody,
    status: 201,
    response: extensionShape,
    errors: ['already_exists', 'version_conflict'],
    handle: (context, { params, body }) => {
      const extension = toExtension(body.urn ?? body.id ?? '', body);
      return addExtension(context.deps, {
        ...placeOf(context, params),
        extension,
        ...reading,
      });
    },
  }),
  organizationRoute({
    method: 'put',
    path: '/organizations/:org/directories/:directory/extensions/:urn',
    operationId: 'replaceDirectoryExtension',
    summary: 'Replaces an extension; rules that stored values break are refused and change nothing.',
    tag,
    guard,
    body: extensionBody,
    status: 200,
    response: extensionShape,
    errors: ['already_exists', 'version_conflict'],
    handle: (context, { params, body }) =>
      replaceExtension(context.deps, {
        ...placeOf(context, params),
        extension: toExtension(params.urn ?? '', body),
        ...reading,
      }),
  }),
  organizationRoute({
    method: 'delete',
    path: '/organizations/:org/directories/:directory/extensions/:urn',
    operationId: 'removeDirectoryExtension',
    summary:
      'Removes an extension: its values are hidden at once and dropped with the next change of each person.',
    tag,
    guard,
    status: 204,
    errors: ['version_conflict'],
    handle: (context, { params }) =>
      removeExtension(context.deps, { ...placeOf(context, params), urn: params.urn ?? '' }),
  }),
];

/** All routes of this resource. */
export const directoryExtensionRoutes: readonly ApiRoute[] = [...readRoutes, ...writeRoutes];
