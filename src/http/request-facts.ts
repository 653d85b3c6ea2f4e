/** The facts of one request that outlive its handler: id, caller's address, and the cause written into the audit. */
import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Actor, Cause } from '../core/entities/journal.ts';
import { plainAddress } from '../kernel/addresses.ts';
import type { Logger } from '../kernel/log.ts';

export interface RequestFacts {
  readonly requestId: string;
  /** IPv4 as IPv4, whatever the socket calls it: audit, sessions, limits and the provider take it from here. */
  readonly ip: string;
  readonly userAgent: string | undefined;
  /** By the monotonic clock, milliseconds. */
  readonly startedAt: number;
  /** Of the process: see `loggerOf`. */
  readonly logger: Logger;
}

/** Attaches the facts and logs one line per answered request. */
export function attachFacts(logger: Logger) {
  return (req: Request, res: Response): void => {
    const facts = newFacts(logger, req);
    res.locals.facts = facts;
    res.setHeader('X-Request-Id', facts.requestId);
    res.once('finish', () => logAnswered(req, res));
  };
}

/** The facts of a request that has just arrived. */
export const newFacts = (logger: Logger, req: Request): RequestFacts => ({
  requestId: randomUUID(),
  ip: plainAddress(addressOf(req) ?? ''),
  userAgent: userAgentOf(req),
  startedAt: performance.now(),
  logger,
});

/** Without a proxy's word the caller is who connected, whomever we trust: Express reads a header and asks for that. */
const addressOf = (req: Request): string | undefined =>
  req.headers['x-forwarded-for'] === undefined ? req.socket.remoteAddress : req.ip;

/** Logs the line of an answered request: never a body, a query or a header. */
export function logAnswered(req: Request, res: Response): void {
  const { requestId, startedAt, logger } = factsOf(res);
  if (!logger.writes('info')) return;
  const ms = Math.round((performance.now() - startedAt) * 10) / 10;
  const { method } = req;
  logger.info('request', { requestId, method, route: routeOf(req), status: res.statusCode, ms });
}

const LONGEST_USER_AGENT = 256;

/** Cut to what a list of sessions can show. */
const userAgentOf = (req: Request): string | undefined =>
  req.headers['user-agent']?.slice(0, LONGEST_USER_AGENT) || undefined;

/** The matched pattern, not the path: paths carry invitation tokens (S168). */
function routeOf(req: Request): string {
  const route: unknown = req.route;
  const path = typeof route === 'object' && route !== null && 'path' in route ? route.path : undefined;
  return typeof path === 'string' ? `${req.baseUrl.replace(/\/[a-z]+_[0-9a-z]+/g, '/:id')}${path}` : '(none)';
}

/** The facts of this request. */
export function factsOf(res: Response): RequestFacts {
  return res.locals.facts as RequestFacts;
}

/** Writes lines that name this request. Made when there is something to say: most requests have nothing. */
export function loggerOf(res: Response): Logger {
  const { logger, requestId } = factsOf(res);
  return logger.child({ requestId });
}

/** The cause of a change made by this request. */
export function causeOf(res: Response, actor: Actor): Cause {
  const { requestId, ip, userAgent } = factsOf(res);
  return { actor, requestId, ip, userAgent };
}
