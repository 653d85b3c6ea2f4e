/** Errors of the SCIM surface (RFC 7644 §3.12): `status` as a string, `scimType` where the RFC has one. */
import type { NextFunction, Request, Response } from 'express';
import type { GatehouseError } from '../../kernel/errors.ts';
import { sendScim } from '../scim/answers.ts';
import { addHeader } from '../scim/exchange.ts';
import { entryOf, toGatehouseError } from './error-table.ts';
import { reportError } from './report.ts';

const SCIM_ERROR_URN = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** Express error handler for everything below /scim/v2. */
export function renderScimError(thrown: unknown, _req: Request, res: Response, next: NextFunction): void {
  if (res.headersSent) {
    next(thrown);
    return;
  }
  const error = toGatehouseError(thrown);
  reportError(res, error);
  const body = scimErrorBody(error);
  if (body.status === '401') addHeader(res, 'WWW-Authenticate', 'Bearer realm="scim"');
  sendScim(res, Number(body.status), body);
}

/** The Error resource of a refusal; `scimType` is undefined where the RFC has none. */
export function scimErrorBody({ code, detail }: GatehouseError) {
  const { scimStatus, status, scimType } = entryOf(code);
  return { schemas: [SCIM_ERROR_URN], status: String(scimStatus ?? status), scimType, detail };
}
