/** The OpenAPI document of the management API, from its route table. */
import { openApiDocument } from '../../src/http/api/openapi.ts';
import { apiRoutes } from '../../src/http/api/routes.ts';

/** `schemas/console-api.openapi.json`. */
export function openApiText(): string {
  return JSON.stringify(openApiDocument(apiRoutes), undefined, 2);
}
