/** Finds the handler of an address below a directory by table: two look-ups, whatever the number of routes. */
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { GatehouseError } from '../../kernel/errors.ts';
import { renderScimError } from '../errors/scim.ts';
import { jsonReader, type ReadJson } from '../json-body.ts';
import { type ScimHandler, scimContextOf } from './context.ts';
import { addHeader } from './exchange.ts';
import { noteFailure } from './recording.ts';
import { refuseUnoffered } from './refusals.ts';

/** A replace of 10,000 members with display and $ref is about 1.5 MiB (dossier 5.16). */
const BODY_LIMIT_BYTES = 4 * 1024 * 1024;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
type Method = (typeof METHODS)[number];

export interface ScimRoute {
  /** Below `/:directoryId`; what may vary is one last segment, `:id`. */
  readonly path: string;
  /** Methods that are missing answer 405. */
  readonly handlers: Readonly<Partial<Record<Method, ScimHandler>>>;
  /** The largest body in bytes; 4 MiB if absent. */
  readonly limitBytes?: number;
}

/**
 * Answers a request whose `res.locals.scim` is there already; `path` is below the directory, without its query. Throws
 * `not_found`, `method_not_allowed`, what reading the body throws, and what the handler throws.
 */
export type Dispatch = (path: string, req: Request, res: Response) => Promise<void>;

/** One address: what answers each method. */
interface Place {
  readonly path: string;
  readonly handlers: ReadonlyMap<string, ScimHandler>;
  /** The Allow header of a 405. */
  readonly allow: string;
  readonly readBody: ReadJson;
}

const VARIES = '/:id';

/** Builds the tables. An address that is spelled out goes before one with an id. */
export function createDispatch(routes: readonly ScimRoute[], unoffered: readonly string[]): Dispatch {
  const places = new Map(routes.map((route) => [route.path, placeOf(route)]));
  return async (path, req, res) => {
    const spelledOut = places.get(path);
    const id = spelledOut === undefined ? path.slice(path.lastIndexOf('/') + 1) : undefined;
    const place = id === undefined ? spelledOut : places.get(patternOf(path, id));
    if (place === undefined) {
      if (unoffered.includes(path)) refuseUnoffered();
      throw new GatehouseError('not_found', 'There is nothing at this address.');
    }
    req.params = id === undefined ? {} : { id: decoded(id) };
    // What the log shows of an address.
    req.route = { path: `/:directoryId${place.path}` };
    const handler = place.handlers.get(req.method);
    if (handler === undefined) {
      addHeader(res, 'Allow', place.allow);
      throw new GatehouseError('method_not_allowed', `${req.method} does not apply here.`);
    }
    if (TAKES_BODY.has(req.method)) await place.readBody(req, res);
    await handler(scimContextOf(res), req, res);
  };
}

const TAKES_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

function placeOf({ path, handlers, limitBytes }: ScimRoute): Place {
  const known = METHODS.flatMap((method) => {
    const handler = handlers[method];
    return handler === undefined ? [] : [[method.toUpperCase(), handler] as const];
  });
  const head = handlers.get === undefined ? [] : [['HEAD', handlers.get] as const];
  const all = [...head, ...known];
  return {
    path,
    handlers: new Map(all),
    allow: all.map(([method]) => method).join(', '),
    readBody: jsonReader({
      forbiddenName: 'invalid_path',
      limit: limitBytes ?? BODY_LIMIT_BYTES,
      types: ['application/scim+json', 'application/json'],
      alsoAccept: [],
    }),
  };
}

/** The pattern that an address with this last segment could be of; an empty id is of none. */
const patternOf = (path: string, id: string): string =>
  id === '' ? '' : path.slice(0, path.length - id.length - 1) + VARIES;

/** The dispatch as middleware, with the rendering of what it throws. */
export function dispatching(dispatch: Dispatch): readonly (RequestHandler | ErrorRequestHandler)[] {
  const handle: RequestHandler = (req, res) => dispatch(pathOf(req.url), req, res);
  return [handle, noteFailure, renderScimError];
}

/** An address without its query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

/** A path segment as it was meant. Throws `invalid_syntax` for a broken escape. */
export function decoded(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new GatehouseError('invalid_syntax', 'The request cannot be read.', { cause });
  }
}
