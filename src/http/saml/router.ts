/** The SAML surface below /saml: every route is public, because the message itself is what is judged. */
import { Router } from 'express';
import type { HttpDeps } from '../deps.ts';
import { requireForm } from '../form-body.ts';
import { mountMethods } from '../methods.ts';
import { ACS_DOOR, LOGOUT_DOOR, unreadAt } from '../unread.ts';
import { ACS_LIMIT_BYTES, postAcs, readPosted } from './acs.ts';
import { getConfirm, postConfirm } from './confirm.ts';
import { getLogout, postLogout } from './logout.ts';
import { getMetadata } from './metadata.ts';

const FORM_LIMIT_BYTES = 16 * 1024;

/** The router below /saml. */
export function createSamlRouter(deps: HttpDeps): Router {
  const router = Router({ caseSensitive: true, strict: true });
  mountMethods(router, '/:connectionId/acs', {
    POST: [...readPosted, postAcs(deps)],
  });
  router.use('/:connectionId/acs', unreadAt(deps, ACS_DOOR));
  mountMethods(router, '/:connectionId/metadata', { GET: [getMetadata(deps)] });
  mountMethods(router, '/:connectionId/confirm/:handle', {
    GET: [getConfirm(deps)],
    POST: [...requireForm(FORM_LIMIT_BYTES), postConfirm(deps)],
    allowsHead: false,
  });
  mountMethods(router, '/:connectionId/logout', {
    GET: [getLogout(deps)],
    POST: [...requireForm(ACS_LIMIT_BYTES), postLogout(deps)],
    allowsHead: false,
  });
  router.use('/:connectionId/logout', unreadAt(deps, LOGOUT_DOOR));
  return router;
}
