/** The OpenID Provider below /oidc: its own pages first, then the endpoints of the library. */
import type { Request, RequestHandler, Response } from 'express';
import { Router } from 'express';
import type { HttpDeps } from '../deps.ts';
import { formFields, requireForm } from '../form-body.ts';
import { mountMethods } from '../methods.ts';
import { seeOther } from '../pages/layout.ts';
import { factsOf } from '../request-facts.ts';
import { ROUTES } from './configuration.ts';
import { getEndSession, postEndSession, postEndSessionConfirm } from './end-session.ts';
import { getInteraction } from './interaction.ts';
import { noteRequest } from './request-facts.ts';
import type { RunningProvider } from './source.ts';
import { createProviderSource } from './source.ts';

const LIMIT_BYTES = 16 * 1024;
const { end_session: END_SESSION, ...ENDPOINTS } = ROUTES;

/** What the library answers; everything else below /oidc is not found here. */
const PATHS = [
  ...Object.values(ENDPOINTS),
  `${ENDPOINTS.authorization}/:uid`,
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
];

/** The router for /oidc. */
export function createProviderRouter(deps: HttpDeps): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const source = createProviderSource(deps);
  const form = requireForm(LIMIT_BYTES);
  mountMethods(router, '/interaction/:uid', { GET: [getInteraction(deps, source)], allowsHead: false });
  mountMethods(router, END_SESSION, {
    GET: [getEndSession(deps)],
    POST: [...form, postEndSession(deps)],
    allowsHead: false,
  });
  mountMethods(router, `${END_SESSION}/confirm`, { POST: [...form, postEndSessionConfirm(deps)] });
  router.post(ENDPOINTS.authorization, ...form, postAuthorization);
  router.all(PATHS, handOver(deps, source));
  return router;
}

/**
 * OIDC Core §3.1.2.1 lets a request come as a form. The browser asks again with a GET: a form from another site brings no
 * session cookie, the GET that follows it does, and says nothing that a link could not say.
 */
const postAuthorization: RequestHandler = (req, res) => {
  const fields = formFields(req);
  seeOther(res, `${req.baseUrl}${ENDPOINTS.authorization}?${new URLSearchParams(fields)}`);
};

/** The request as the library may see it: under our own name and scheme, whatever its headers said (S86). */
const handOver =
  (deps: HttpDeps, source: () => Promise<RunningProvider>): RequestHandler =>
  async (req: Request, res: Response) => {
    const { protocol, host } = new URL(deps.baseUrl);
    req.headers['x-forwarded-proto'] = protocol.slice(0, -1);
    req.headers['x-forwarded-host'] = host;
    req.headers['x-forwarded-for'] = factsOf(res).ip;
    noteRequest(deps, req, res);
    const { handle } = await source();
    await handle(req, res);
  };
