/** Errors of the SCIM surface (RFC 7644 §3.12): `status` as a string, `scimType` where the RFC has one. */
import type { NextFunction, Request, Response } from 'express';
import { entryOf, toGatehouseError } from './error-table.ts';
import { reportError } from './report.ts';

export const SCIM_ERROR_URN = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** Express error handler for everything below /scim/v2. */
export function renderScimError(thrown: unknown, _req: Request, res: Response, next: NextFunction): void {
  if (res.headersSent) {
    next(thrown);
    return;
  }
  const error = toGatehouseError(thrown);
  reportError(res, error);
  const entry = entryOf(error.code);
  const status = entry.scimStatus ?? entry.status;
  if (status === 401) res.setHeader('WWW-Authenticate', 'Bearer realm="scim"');
  res
    .status(status)
    .type('application/scim+json')
    .send(
      JSON.stringify({
        schemas: [SCIM_ERROR_URN],
        status: String(status),
        ...(entry.scimType === undefined ? {} : { scimType: entry.scimType }),
        detail: error.detail,
      }),
    );
}
