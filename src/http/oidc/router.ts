/** The relying-party surface: one redirect URI per connection, public, because the message itself is what is judged. */
import { Router } from 'express';
import type { HttpDeps } from '../deps.ts';
import { mountMethods } from '../methods.ts';
import { getCallback } from './callback.ts';

/** The router for /oidc-callback/{connectionId}. */
export function createOidcRouter(deps: HttpDeps): Router {
  const router = Router({ caseSensitive: true, strict: true });
  // A HEAD would spend the code that the GET after it needs.
  mountMethods(router, '/oidc-callback/:connectionId', { GET: [getCallback(deps)], allowsHead: false });
  return router;
}
