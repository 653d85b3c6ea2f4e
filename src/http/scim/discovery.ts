/** Discovery: ServiceProviderConfig, ResourceTypes and Schemas, made from the tables that also drive the engines (RFC 7644 §4). */
import type { Request, Response } from 'express';
import { GatehouseError } from '../../kernel/errors.ts';
import {
  resourceTypeDocument,
  schemaDocument,
  serviceProviderConfigDocument,
} from '../../protocols/scim/discovery.ts';
import { listResponse } from '../../protocols/scim/list-response.ts';
import type { ResourceType, Schema } from '../../protocols/scim/schema.ts';
import { sendScim } from './answers.ts';
import type { ScimContext } from './context.ts';
import { queryWishes } from './list-wishes.ts';
import { noSuchResource } from './refusals.ts';

/** GET /ServiceProviderConfig. */
export function getServiceProviderConfig(context: ScimContext, req: Request, res: Response): void {
  refuseFilter(req);
  sendScim(res, 200, serviceProviderConfigDocument(context.baseUrl));
}

/** GET /ResourceTypes. */
export function listResourceTypes(context: ScimContext, req: Request, res: Response): void {
  refuseFilter(req);
  sendAll(
    res,
    typesOf(context).map((type) => resourceTypeDocument(type, context.baseUrl)),
  );
}

/** GET /ResourceTypes/{name}. */
export function getResourceType(context: ScimContext, req: Request, res: Response): void {
  refuseFilter(req);
  const type = typesOf(context).find(({ name }) => name === req.params.id);
  if (type === undefined) throw noSuchResource(req);
  sendScim(res, 200, resourceTypeDocument(type, context.baseUrl));
}

/** GET /Schemas. */
export function listSchemas(context: ScimContext, req: Request, res: Response): void {
  refuseFilter(req);
  sendAll(
    res,
    schemasOf(context).map((schema) => schemaDocument(schema, context.baseUrl)),
  );
}

/** GET /Schemas/{urn}; URNs compare without case (dossier 20). */
export function getSchema(context: ScimContext, req: Request, res: Response): void {
  refuseFilter(req);
  const wanted = String(req.params.id).toLowerCase();
  const schema = schemasOf(context).find(({ id }) => id.toLowerCase() === wanted);
  if (schema === undefined) throw noSuchResource(req);
  sendScim(res, 200, schemaDocument(schema, context.baseUrl));
}

const typesOf = ({ userType, groupType }: ScimContext): readonly ResourceType[] => [userType, groupType];

const schemasOf = (context: ScimContext): readonly Schema[] =>
  typesOf(context).flatMap((type) => [type.schema, ...type.extensions.map(({ schema }) => schema)]);

/** RFC 7644 §4: a filter here is 403, so that nobody takes the whole answer for a filtered one. Paging is ignored. */
function refuseFilter(req: Request): void {
  if (queryWishes(req).filter !== undefined) {
    throw new GatehouseError('forbidden', 'Discovery answers cannot be filtered.', { field: 'filter' });
  }
}

function sendAll(res: Response, resources: readonly object[]): void {
  sendScim(res, 200, listResponse({ resources, totalResults: resources.length, startIndex: 1 }));
}
