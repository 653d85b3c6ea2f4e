/** The label of SCIM bodies, answers and errors alike. */
import type { Request } from 'express';

const SCIM_JSON = 'application/scim+json';
const MEDIA_TYPES = [SCIM_JSON, 'application/json'];

/**
 * `application/scim+json`, unless the SCIM client only wants `application/json` (OneLogin); one that accepts neither gets
 * the former rather than a 406 (dossier 1, RFC 7644 §3.1).
 */
export function scimMediaType(req: Request): string {
  const { accept } = req.headers;
  if (accept === undefined || accept === '*/*' || accept === SCIM_JSON) return SCIM_JSON;
  const wanted = req.accepts(MEDIA_TYPES);
  return wanted === false ? SCIM_JSON : wanted;
}
