/** What a management API route is: one declaration that guards it, validates it, documents it and handles it. */
import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Caller } from '../../core/access/access.ts';
import type { Cause } from '../../core/entities/journal.ts';
import type { Organization } from '../../core/entities/organization.ts';
import type { SignedIn } from '../../core/sign-in/sessions.ts';
import { SENSITIVE_PERMISSIONS } from '../../core/sign-in/step-up.ts';
import type { ErrorCode } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import type { Guard } from '../guards.ts';
import type { FileType } from './streamed-answer.ts';

/** What a handler is given besides its input. */
export interface ApiContext {
  readonly deps: HttpDeps;
  readonly caller: Caller;
  readonly cause: Cause;
  /** The person behind a session cookie; absent for the operator key. */
  readonly signedIn: SignedIn | undefined;
  /** For the rare handler that sets a cookie or reads a header. */
  readonly req: Request;
  readonly res: Response;
}

export interface OrganizationContext extends ApiContext {
  readonly organization: Organization;
}

export interface RouteInput<Body, Query> {
  readonly params: Readonly<Record<string, string>>;
  readonly body: Body;
  readonly query: Query;
}

interface RouteShape<Body, Query> {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below /api/v1, Express spelling: `/organizations/:org/teams`. */
  readonly path: string;
  /** Stable name in the OpenAPI document, verb first: `createTeam`. */
  readonly operationId: string;
  /** One sentence for people who read the OpenAPI document. */
  readonly summary: string;
  readonly tag: string;
  /** JSON, or the text of a file where `bodyType` says so. */
  readonly body?: z.ZodType<Body>;
  readonly bodyType?: 'text/csv' | 'application/samlmetadata+xml';
  readonly query?: z.ZodType<Query>;
  readonly status: 200 | 201 | 202 | 204;
  /** The answer's body; absent: none, or a file. */
  readonly response?: z.ZodType;
  /** The body of a 202 that the handler may answer in place of `status`, as an `AcceptedAnswer`: the rest is long work. */
  readonly accepted?: z.ZodType;
  /** The types of file the handler may answer, as a `FileAnswer`; absent: JSON. */
  readonly file?: readonly FileType[];
  /** Codes beyond those every route may answer. */
  readonly errors: readonly ErrorCode[];
}

/** What a handler answers when the work goes on after the answer: 202, and where it can be followed. */
export class AcceptedAnswer {
  readonly body: unknown;
  readonly location: string | undefined;

  constructor(body: unknown, location?: string) {
    this.body = body;
    this.location = location;
  }
}

/** A route whose handler gets the organization its path names. */
interface OrganizationRoute<Body, Query> extends RouteShape<Body, Query> {
  readonly guard: Extract<Guard, { kind: 'organization' }>;
  handle(context: OrganizationContext, input: RouteInput<Body, Query>): Promise<unknown>;
}

interface PlainRoute<Body, Query> extends RouteShape<Body, Query> {
  readonly guard: Exclude<Guard, { kind: 'organization' }>;
  handle(context: ApiContext, input: RouteInput<Body, Query>): Promise<unknown>;
}

/** A route as the router and the OpenAPI generator see it. */
export type ApiRoute = OrganizationRoute<unknown, unknown> | PlainRoute<unknown, unknown>;

/** Tells the two kinds apart; the compiler does not look into the guard by itself. */
export const isOrganizationRoute = (route: ApiRoute): route is OrganizationRoute<unknown, unknown> =>
  route.guard.kind === 'organization';

/**
 * Whether somebody in a browser must have proved minutes ago who they are (S192): changes under a sensitive permission, and whatever
 * carries a whole list of the organization away as a file.
 */
export const asksForFreshSignIn = ({
  guard,
  method,
  file,
}: Pick<ApiRoute, 'guard' | 'method' | 'file'>): boolean =>
  guard.kind === 'organization' &&
  (file !== undefined || (method !== 'get' && SENSITIVE_PERMISSIONS.has(guard.permission)));

/**
 * Declares a route of an organization. Handlers see `body` and `query` as their schemas parsed them.
 * The cast forgets the input types only here: the router feeds a handler nothing but what its own schemas produced.
 */
export function organizationRoute<Body = undefined, Query = undefined>(
  route: OrganizationRoute<Body, Query>,
): ApiRoute {
  return route as unknown as ApiRoute;
}

/** Declares any other route. */
export function plainRoute<Body = undefined, Query = undefined>(route: PlainRoute<Body, Query>): ApiRoute {
  return route as unknown as ApiRoute;
}
