/** Refusals that more than one SCIM route gives. */
import type { Request } from 'express';
import { GatehouseError } from '../../kernel/errors.ts';

const MAX_SHOWN_ID = 100;

/** The same text as for an id that is well-formed and unknown, so that nothing can be told from it (S106). */
export function noSuchResource(req: Request): GatehouseError {
  const id = String(req.params.id).slice(0, MAX_SHOWN_ID);
  return new GatehouseError('not_found', `Resource ${id} not found.`);
}

/** A part of the protocol that ServiceProviderConfig says is not offered (RFC 7644 §3.12: 501). */
export function refuseUnoffered(): never {
  throw new GatehouseError('not_implemented', 'This part of SCIM is not offered here.');
}
