/** Sends SCIM answers: media type by Accept, ETag and Location beside the resource. */
import type { Response } from 'express';
import type { ScimObject } from '../../protocols/scim/schema.ts';
import { etagOf } from './preconditions.ts';

const MEDIA_TYPES = ['application/scim+json', 'application/json'];

/**
 * Sends a JSON body. `application/scim+json`, unless the SCIM client only wants `application/json` (OneLogin); one that
 * accepts neither gets the former rather than a 406 (dossier 1).
 */
export function sendScim(res: Response, status: number, body: object): void {
  const wanted = res.req.accepts(MEDIA_TYPES);
  res
    .status(status)
    .type(wanted === false ? 'application/scim+json' : wanted)
    .send(JSON.stringify(body));
}

interface ResourceAnswer {
  readonly version: number;
  /** As shown: already projected. */
  readonly resource: ScimObject;
  /** On 201: where the new resource is. */
  readonly location?: string;
}

/** Sends one resource with its ETag (RFC 7644 §3.14) and, when new, its Location (§3.3). */
export function sendResource(res: Response, status: 200 | 201, answer: ResourceAnswer): void {
  res.setHeader('ETag', etagOf(answer.version));
  if (answer.location !== undefined) res.setHeader('Location', answer.location);
  sendScim(res, status, answer.resource);
}

/** Sends 204 with the ETag of the resource as it is now. */
export function sendNoContent(res: Response, version?: number): void {
  if (version !== undefined) res.setHeader('ETag', etagOf(version));
  res.status(204).end();
}

/** Sends 304: the SCIM client has this version already. */
export function sendNotModified(res: Response, version: number): void {
  res.setHeader('ETag', etagOf(version));
  res.status(304).end();
}
