/** Writes what the outside may not see of an error into the log: causes and contexts, by severity. */
import type { Response } from 'express';
import type { GatehouseError } from '../../kernel/errors.ts';
import { loggerOf } from '../request-facts.ts';
import { entryOf } from './error-table.ts';

/** Bugs and outages. A 501 is an expected answer: the caller asked for what is not offered. */
const OURS: readonly number[] = [500, 503];

/** Logs one error: bugs and outages as `error` with their stack, refusals as `debug` without one. */
export function reportError(res: Response, error: GatehouseError): void {
  const logger = loggerOf(res);
  const fields = {
    // Under `code` it would be taken for an authorization code and censored.
    errorCode: error.code,
    detail: error.detail,
    // As the caller spelled it: a filter in it may compare with anything, a password included.
    field: error.field?.replace(/"[^"]*"?/g, '""'),
    context: error.context,
    error: error.cause ?? error,
  };
  if (OURS.includes(entryOf(error.code).status)) logger.error('request failed', fields);
  else logger.debug('request refused', { ...fields, error: undefined });
}
