/** The session cookie in one browser: set at sign-in in place of whatever was there, taken away at sign-out. */
import type { Request, Response } from 'express';
import type { SessionEnd } from '../core/sign-in/session-endings.ts';
import { ABSOLUTE_LIMIT_MS } from '../core/sign-in/session-life.ts';
import { endSession } from '../core/sign-in/sessions.ts';
import { clearCookie, readCookie, SESSION_COOKIE, SIGNED_IN_COOKIE, setCookie } from './cookies.ts';
import type { HttpDeps } from './deps.ts';
import { causeOf } from './request-facts.ts';

interface Exchange {
  readonly req: Request;
  readonly res: Response;
}

/** Gives the browser its new session; the session it showed before, if any, ends (S184). */
export async function enterSession(deps: HttpDeps, exchange: Exchange, sessionToken: string): Promise<void> {
  await endShownSession(deps, exchange, 'replaced');
  setSessionCookie(exchange.res, sessionToken);
}

/**
 * Sets the cookie and ends nothing; `maxAgeMs` is what a new session has if absent. The session stands last: programs that
 * read one Set-Cookie of an answer keep that one.
 */
export function setSessionCookie(res: Response, value: string, maxAgeMs = ABSOLUTE_LIMIT_MS): void {
  setCookie(res, SIGNED_IN_COOKIE, { value: '1', maxAgeMs, sameSite: 'none' });
  setCookie(res, SESSION_COOKIE, { value, maxAgeMs, sameSite: 'lax' });
}

/** Ends the session the browser shows and takes the cookie away (S188). Nothing happens without one. */
export async function leaveSession(deps: HttpDeps, exchange: Exchange): Promise<void> {
  await endShownSession(deps, exchange, 'signed_out');
  clearSessionCookie(exchange.res);
}

/** Takes the cookie away and ends nothing. */
export function clearSessionCookie(res: Response): void {
  clearCookie(res, SESSION_COOKIE);
  clearCookie(res, SIGNED_IN_COOKIE);
}

async function endShownSession(deps: HttpDeps, { req, res }: Exchange, reason: SessionEnd): Promise<void> {
  const token = readCookie(req, SESSION_COOKIE);
  if (token !== undefined)
    await endSession(deps, { token, reason, cause: causeOf(res, { kind: 'anonymous' }) });
}
