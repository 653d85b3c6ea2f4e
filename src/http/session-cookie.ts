/** The session cookie in one browser: set at sign-in in place of whatever was there, taken away at sign-out. */
import type { Request, Response } from 'express';
import { ABSOLUTE_LIMIT_MS, endSession } from '../core/sessions.ts';
import { clearCookie, readCookie, SESSION_COOKIE, SIGNED_IN_COOKIE, setCookie } from './cookies.ts';
import type { HttpDeps } from './deps.ts';
import { causeOf } from './request-facts.ts';

interface Exchange {
  readonly req: Request;
  readonly res: Response;
}

/** Gives the browser its new session; the session it showed before, if any, ends (S184). */
export async function enterSession(deps: HttpDeps, exchange: Exchange, sessionToken: string): Promise<void> {
  await endShownSession(deps, exchange);
  setCookie(exchange.res, SESSION_COOKIE, {
    value: sessionToken,
    maxAgeMs: ABSOLUTE_LIMIT_MS,
    sameSite: 'lax',
  });
  setCookie(exchange.res, SIGNED_IN_COOKIE, { value: '1', maxAgeMs: ABSOLUTE_LIMIT_MS, sameSite: 'none' });
}

/** Ends the session the browser shows and takes the cookie away (S188). Nothing happens without one. */
export async function leaveSession(deps: HttpDeps, exchange: Exchange): Promise<void> {
  await endShownSession(deps, exchange);
  clearCookie(exchange.res, SESSION_COOKIE);
  clearCookie(exchange.res, SIGNED_IN_COOKIE);
}

async function endShownSession(deps: HttpDeps, { req, res }: Exchange): Promise<void> {
  const token = readCookie(req, SESSION_COOKIE);
  if (token !== undefined) await endSession(deps, { token, cause: causeOf(res, { kind: 'anonymous' }) });
}
