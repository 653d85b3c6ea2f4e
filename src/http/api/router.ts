/** Mounts the route table: guard first, then the schemas, then the handler; nothing of a request is read before its guard. */
import type { Request, RequestHandler, Response } from 'express';
import { Router } from 'express';
import { assertHolds } from '../../core/access/access.ts';
import { setupRequired } from '../../core/credentials/second-factor-policy.ts';
import { assertFresh } from '../../core/sign-in/step-up.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { renderProblem } from '../errors/problem.ts';
import type { Asking, Guard } from '../guards.ts';
import {
  actorOf,
  bearerToken,
  callerFrom,
  callerOf,
  enrollingOf,
  organizationFor,
  signedInOf,
} from '../guards.ts';
import { strictJson } from '../json-body.ts';
import { causeOf } from '../request-facts.ts';
import { CSV, METADATA, textBody } from '../text-body.ts';
import { parseInput } from './input.ts';
import type { ApiContext, ApiRoute, RouteInput } from './route.ts';
import { AcceptedAnswer, asksForFreshSignIn, isOrganizationRoute } from './route.ts';
import { apiRoutes } from './routes.ts';
import { FileAnswer, sendFile } from './streamed-answer.ts';

const BODY_LIMIT_BYTES = 1024 * 1024;

/** The router below /api/v1. */
export function createApiRouter(deps: HttpDeps): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.use((_req, res, next) => {
    res.setHeader('Cache-Control', 'no-store');
    next();
  });
  const readers: Readonly<
    Record<NonNullable<ApiRoute['bodyType']> | 'application/json', readonly RequestHandler[]>
  > = {
    'application/json': [strictJson({ limit: BODY_LIMIT_BYTES, types: ['application/json'] })],
    'text/csv': textBody(CSV),
    'application/samlmetadata+xml': textBody(METADATA),
  };
  for (const route of apiRoutes) {
    // The guard runs before the body is read: strangers do not get to make us parse.
    const readBody = readers[route.bodyType ?? 'application/json'];
    router[route.method](route.path, guardOf(deps, route), ...readBody, handlerOf(route));
  }
  mountMethodAnswers(router);
  router.use(() => {
    throw new GatehouseError('not_found', 'There is nothing at this address.');
  });
  router.use(renderProblem);
  return router;
}

/** Behind all routes: a path that is known, asked with a method that is not (RFC 9110 §15.5.6). */
function mountMethodAnswers(router: Router): void {
  for (const [path, routes] of Map.groupBy(apiRoutes, (route) => route.path)) {
    const methods = routes.map(({ method }) => method.toUpperCase());
    const allowed = methods.includes('GET') ? [...methods, 'HEAD'] : methods;
    router.all(path, (_req, res) => {
      res.setHeader('Allow', allowed.join(', '));
      throw new GatehouseError('method_not_allowed', 'This address does not know that method.');
    });
  }
}

const signInFirst = () =>
  new GatehouseError('unauthenticated', 'Sign in first: this is about a signed-in person, not about a key.', {
    whatToDo: 'Sign in, then send the request with the session cookie.',
  });

interface Guarded {
  readonly context: ApiContext & { readonly organization?: Awaited<ReturnType<typeof organizationFor>> };
}

function guardOf(deps: HttpDeps, route: ApiRoute) {
  return async (req: Request, res: Response, next: () => void): Promise<void> => {
    const guarded: Guarded = { context: await contextOf(deps, route, { req, res }) };
    res.locals.guarded = guarded;
    next();
  };
}

async function contextOf(
  deps: HttpDeps,
  route: ApiRoute,
  { req, res }: { readonly req: Request; readonly res: Response },
): Promise<Guarded['context']> {
  const { guard } = route;
  if (guard.kind === 'public') {
    await guard.door?.(deps, String(req.params.token));
    const cause = causeOf(res, { kind: 'anonymous' });
    // A public route acts for nobody: its handler reads a session itself if it wants one.
    return { deps, caller: NOBODY, cause, signedIn: undefined, req, res };
  }
  const { caller, signedIn, noteUse } = await callerFor(deps, guard, req);
  const asked: ApiContext = { deps, caller, cause: causeOf(res, actorOf(caller)), signedIn, req, res };
  const context = await judged(asked, route);
  await noteUse?.();
  return context;
}

/** What a route's handler is given, once its guard agrees; throws what the guard refuses with. */
async function judged(context: ApiContext, route: ApiRoute): Promise<Guarded['context']> {
  const { guard } = route;
  const { deps, caller, signedIn, req } = context;
  switch (guard.kind) {
    case 'operator':
      if (caller.kind !== 'operator')
        throw new GatehouseError('forbidden', 'Only the operator may do this.', {
          whatToDo: 'Use the operator key, or ask the operator.',
        });
      return context;
    case 'public':
      return context;
    case 'session':
      if (signedIn === undefined) throw signInFirst();
      return context;
    case 'organization': {
      const reference = String(req.params.org);
      const { permission, invites, orAnyMember: isForMembers } = guard;
      const team = guard.orInTeam ? String(req.params.team) : undefined;
      const within = team ?? teamRead(guard, req);
      const oneself = guard.orOneself ? String(req.params.member) : undefined;
      const asked = { caller, reference, permission, team, within, oneself };
      const organization = await organizationFor(deps, { ...asked, isForMembers, invites });
      if (guard.alsoNeeds !== undefined) assertHolds(caller, organization.id, guard.alsoNeeds);
      if (caller.kind === 'member' && signedIn !== undefined && asksForFreshSignIn(route))
        assertFresh(deps, signedIn.session);
      return { ...context, organization };
    }
  }
}

/** The one team that a read keeps to: the one of its path, or of the filter that its route declares. */
function teamRead(
  { filtersByTeam }: Extract<Guard, { kind: 'organization' }>,
  { method, params, query }: Request,
): string | undefined {
  const team = params.team ?? (filtersByTeam ? query.team : undefined);
  return method === 'GET' && typeof team === 'string' ? team : undefined;
}

/**
 * "Who is signed in?" is about the session cookie even in a browser in which the operator is signed in as well; a bearer
 * value is never overlooked for it (S112).
 */
async function callerFor(deps: HttpDeps, guard: Guard, req: Request): Promise<Asking> {
  const found = await callerOf(deps, req).catch(async (error: unknown) => {
    const isNobody = isGatehouseError(error, 'unauthenticated') && bearerToken(req) === undefined;
    if (!isNobody) throw error;
    const enrolling = await enrollingOf(deps, req);
    if (enrolling === undefined) throw guard.kind === 'session' ? signInFirst() : error;
    if (guard.kind !== 'session' || guard.whoWaits === undefined) throw setupRequired(deps);
    if (guard.whoWaits === 'nobody') throw signInFirst();
    return { signedIn: enrolling, caller: callerFrom(enrolling) };
  });
  if (guard.kind !== 'session' || found.signedIn !== undefined || bearerToken(req) !== undefined)
    return found;
  const signedIn = await signedInOf(deps, req);
  return signedIn === undefined ? found : { ...found, signedIn };
}

/** Holds no permission anywhere. */
const NOBODY: ApiContext['caller'] = {
  kind: 'member',
  organizationId: '' as never,
  membershipId: '' as never,
  userId: '' as never,
  email: null,
  role: { key: 'viewer', name: '', rank: -1, permissions: [] },
};

function handlerOf(route: ApiRoute) {
  return async (req: Request, res: Response): Promise<void> => {
    const { context } = res.locals.guarded as Guarded;
    const input: RouteInput<unknown, unknown> = {
      params: Object.fromEntries(Object.entries(req.params).map(([key, value]) => [key, String(value)])),
      body: route.body === undefined ? undefined : parseInput(route.body, req.body),
      query: route.query === undefined ? undefined : parseInput(route.query, { ...req.query }),
    };
    const answer = await callHandler(route, context, input);
    if (answer instanceof FileAnswer) await sendFile(res, answer);
    else if (answer instanceof AcceptedAnswer) sendAccepted(res, answer);
    else if (route.status === 204) res.status(204).end();
    else res.status(route.status).json(answer);
  };
}

function sendAccepted(res: Response, { body, location }: AcceptedAnswer): void {
  if (location !== undefined) res.setHeader('Location', location);
  res.status(202).json(body);
}

function callHandler(
  route: ApiRoute,
  context: Guarded['context'],
  input: RouteInput<unknown, unknown>,
): Promise<unknown> {
  if (!isOrganizationRoute(route)) return route.handle(context, input);
  const { organization } = context;
  if (organization === undefined)
    throw new GatehouseError('internal', 'A guard let a request through without its organization.');
  return route.handle({ ...context, organization }, input);
}
