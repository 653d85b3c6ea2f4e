/** Says in the header when it is worth trying again, of errors that know; the one fact of an error's context that is shown. */
import type { Response } from 'express';
import type { GatehouseError } from '../../kernel/errors.ts';

/** Sets Retry-After to `context.retryAfterSeconds` (RFC 9110 §10.2.3); without that it does nothing. */
export function tellRetryAfter(res: Response, { context }: GatehouseError): void {
  const { retryAfterSeconds } = context;
  if (typeof retryAfterSeconds === 'number') res.setHeader('Retry-After', String(retryAfterSeconds));
}
