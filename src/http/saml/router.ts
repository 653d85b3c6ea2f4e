/** The SAML surface below /saml: every route is public, because the message itself is what is judged. */
import { Router } from 'express';
import type { HttpDeps } from '../deps.ts';
import { requireForm } from '../form-body.ts';
import { mountMethods } from '../methods.ts';
import { ACS_LIMIT_BYTES, postAcs } from './acs.ts';
import { getMetadata } from './metadata.ts';

/** The router below /saml. */
export function createSamlRouter(deps: HttpDeps): Router {
  const router = Router({ caseSensitive: true, strict: true });
  mountMethods(router, '/:connectionId/metadata', { GET: [getMetadata(deps)] });
  mountMethods(router, '/:connectionId/acs', { POST: [...requireForm(ACS_LIMIT_BYTES), postAcs(deps)] });
  return router;
}
