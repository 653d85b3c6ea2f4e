/** ETags and what a request makes of them: If-Match and If-None-Match (RFC 7644 §3.14, RFC 9110 §13.1). */
import type { Request } from 'express';
import { GatehouseError } from '../../kernel/errors.ts';

/** The weak ETag of a version, as in `meta.version`. */
export const etagOf = (version: number): string => `W/"${version}"`;

/**
 * The condition a PUT, PATCH or DELETE came with, to be asked with the stored version inside the transaction that
 * changes it. Tags compare weakly, `*` matches any version; a malformed tag matches none.
 * Throws `precondition_failed`; then nothing may change.
 */
export function preconditionOf(req: Request): (version: number) => void {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = req.headers;
  return (version) => {
    const isStale = ifMatch !== undefined && !names(ifMatch, version);
    if (isStale || (ifNoneMatch !== undefined && names(ifNoneMatch, version))) {
      throw new GatehouseError('precondition_failed', `The resource is in version ${etagOf(version)} now.`);
    }
  };
}

/** True when the SCIM client said it has this version: answer 304 (If-None-Match on GET). */
export function isKnownVersion(req: Request, version: number): boolean {
  const header = req.headers['if-none-match'];
  return header !== undefined && names(header, version);
}

function names(header: string, version: number): boolean {
  if (header.trim() === '*') return true;
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(`"${version}"`);
}
