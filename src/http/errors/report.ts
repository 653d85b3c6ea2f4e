/** Writes what the outside may not see of an error into the log: causes and contexts, by severity. */
import type { Response } from 'express';
import type { GatehouseError } from '../../kernel/errors.ts';
import { factsOf } from '../request-facts.ts';
import { entryOf } from './error-table.ts';

export function reportError(res: Response, error: GatehouseError): void {
  const { logger } = factsOf(res);
  const fields = {
    code: error.code,
    detail: error.detail,
    // As the caller spelled it: a filter in it may compare with anything, a password included.
    field: error.field?.replace(/"[^"]*"?/g, '""'),
    context: error.context,
    error: error.cause ?? error,
  };
  if (entryOf(error.code).status >= 500) logger.error('request failed', fields);
  else logger.debug('request refused', { ...fields, error: undefined });
}
