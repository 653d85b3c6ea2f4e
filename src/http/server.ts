/** The Express application: order of middleware, one router per surface, each with its own guard and its own errors. */
import { IncomingMessage, type RequestListener, type ServerOptions, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Express, NextFunction, Request, Response } from 'express';
import express from 'express';
import helmet from 'helmet';
import { GatehouseError } from '../kernel/errors.ts';
import { createApiRouter } from './api/router.ts';
import type { HttpDeps } from './deps.ts';
import { renderPageError } from './errors/page.ts';
import { renderProblem } from './errors/problem.ts';
import { renderScimError } from './errors/scim.ts';
import { refuseOddPath } from './odd-paths.ts';
import { createOidcRouter } from './oidc/router.ts';
import { createPagesRouter } from './pages/router.ts';
import { attachFacts } from './request-facts.ts';
import { routerOnDemand } from './router-on-demand.ts';
import { createAcsSurface } from './saml/acs-surface.ts';
import { createSamlRouter } from './saml/router.ts';
import { createScimSurface, SCIM_PATH } from './scim/surface.ts';

/** What an HTTP server is made of. */
export interface HttpEdge {
  readonly answer: RequestListener;
  /** For `createServer` of node:http. */
  readonly messages: Required<Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'>>;
}

/** Builds the application. It listens nowhere and starts nothing. */
export function createEdge(deps: HttpDeps): HttpEdge {
  const headers = securityHeaders();
  const app = createApp(deps, headers);
  const messages = expressMessages(app);
  const answerScim = createScimSurface(deps, { app, headers: headers.flat() });
  const answerAcs = createAcsSurface(deps, { app, headers });
  return {
    messages,
    answer: (req, res) => {
      if (req.url?.startsWith(SCIM_PATH) === true) answerScim(req, res);
      else if (!answerAcs(req, res)) app(req, res);
    },
  };
}

/** Requests and answers that are Express's from the start: what changes its prototype later is slow to look at. */
function expressMessages(app: Express): HttpEdge['messages'] {
  class GatewayRequest extends IncomingMessage {}
  class GatewayResponse<Asked extends IncomingMessage> extends ServerResponse<Asked> {}
  app.request = Object.setPrototypeOf(GatewayRequest.prototype, app.request);
  app.response = Object.setPrototypeOf(GatewayResponse.prototype, app.response);
  return { IncomingMessage: GatewayRequest, ServerResponse: GatewayResponse };
}

function createApp(deps: HttpDeps, headers: Headers): Express {
  const app = express();
  const attach = attachFacts(deps.logger);
  app.set('trust proxy', deps.trustProxy.length === 0 ? false : [...deps.trustProxy]);
  app.set('query parser', 'simple');
  app.set('case sensitive routing', true);
  app.set('strict routing', true);
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((req, res, next) => {
    attach(req, res);
    for (const [name, value] of headers) res.setHeader(name, value);
    refuseOddPath(req.url);
    next();
  });
  app.get('/healthz', (_req, res) => {
    res.json({ status: 'alive' });
  });
  app.get('/readyz', async (_req, res) => {
    const isReady = await deps.storage.ping().then(
      () => true,
      () => false,
    );
    res.status(isReady ? 200 : 503).json({ status: isReady ? 'ready' : 'unavailable' });
  });
  app.use('/api/v1', createApiRouter(deps));
  app.use('/saml', createSamlRouter(deps));
  app.use(createOidcRouter(deps));
  app.use(
    '/oidc',
    routerOnDemand(async () => (await import('./provider/router.ts')).createProviderRouter(deps)),
  );
  app.use(createPagesRouter(deps));
  app.use(() => {
    throw new GatehouseError('not_found', 'There is no page at this address.');
  });
  app.use(renderErrorOfSurface);
  return app;
}

/** What no router has claimed answers in the language of the surface it was sent to: SCIM clients never see HTML (S135). */
function renderErrorOfSurface(thrown: unknown, req: Request, res: Response, next: NextFunction): void {
  if (/^\/scim(?:\/|$)/i.test(req.path)) renderScimError(thrown, req, res, next);
  else if (/^\/api(?:\/|$)/i.test(req.path)) renderProblem(thrown, req, res, next);
  else renderPageError(thrown, req, res, next);
}

/** Names and values. */
type Headers = readonly (readonly [string, string])[];

/** S219. One style sheet and one icon of our own, no script but where a page says so, forms only to ourselves. */
function securityHeaders(): Headers {
  return headersOf(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          styleSrc: ["'self'"],
          imgSrc: ["'self'"],
          formAction: ["'self'"],
          baseUri: ["'none'"],
          frameAncestors: ["'none'"],
        },
      },
      crossOriginResourcePolicy: { policy: 'same-origin' },
      referrerPolicy: { policy: 'no-referrer' },
      strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: true },
      xFrameOptions: { action: 'deny' },
    }),
  );
}

/** What a middleware sets on every answer: the same each time, so that it need not run each time. */
function headersOf(middleware: ReturnType<typeof helmet>): Headers {
  const req = new IncomingMessage(new Socket());
  const res = new ServerResponse(req);
  middleware(req, res, () => undefined);
  return Object.entries(res.getHeaders()).map(([name, value]) => [name, String(value)] as const);
}
