/** The relying-party surface: one redirect URI per connection, public, because the message itself is what is judged. */
import { Router } from 'express';
import type { HttpDeps } from '../deps.ts';
import { requireForm } from '../form-body.ts';
import { mountMethods } from '../methods.ts';
import { CALLBACK_DOOR, unreadAt } from '../unread.ts';
import { postBackchannelLogout, renderLogoutError } from './backchannel-logout.ts';
import { getCallback } from './callback.ts';
import { getClientKeys } from './client-keys.ts';

const LOGOUT_LIMIT_BYTES = 64 * 1024;

/** The router for /oidc-callback/{connectionId}, /oidc-keys/{connectionId} and /oidc-backchannel-logout/{connectionId}. */
export function createOidcRouter(deps: HttpDeps): Router {
  const router = Router({ caseSensitive: true, strict: true });
  // A HEAD would spend the code that the GET after it needs.
  mountMethods(router, '/oidc-callback/:connectionId', { GET: [getCallback(deps)], allowsHead: false });
  router.use('/oidc-callback/:connectionId', unreadAt(deps, CALLBACK_DOOR));
  mountMethods(router, '/oidc-keys/:connectionId', { GET: [getClientKeys(deps)] });
  mountMethods(router, '/oidc-backchannel-logout/:connectionId', {
    POST: [...requireForm(LOGOUT_LIMIT_BYTES), postBackchannelLogout(deps)],
  });
  router.use('/oidc-backchannel-logout', renderLogoutError);
  return router;
}
