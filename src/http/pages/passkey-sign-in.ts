/** Signing in with a passkey: two JSON doors that the script of the sign-in page knocks at. */
import type { RequestHandler } from 'express';
import {
  beginPasskeySignIn,
  signInWithPasskey,
  stepUpWithPasskey,
} from '../../core/credentials/passkey-sign-in.ts';
import { CHALLENGE_TTL_MS } from '../../core/credentials/passkeys.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { parseInput } from '../api/input.ts';
import { clearCookie, DEVICE_COOKIE, PASSKEY_COOKIE, readCookie, setCookie } from '../cookies.ts';
import type { HttpDeps } from '../deps.ts';
import { actorOf, callerFrom } from '../guards.ts';
import { enterLocally } from '../local-sign-in.ts';
import { recordPasskeyRefusal } from '../local-sign-in-recording.ts';
import { signInAnswer } from '../passkey-answers.ts';
import { causeOf } from '../request-facts.ts';
import { setSessionCookie } from '../session-cookie.ts';
import { organizationWish } from './sign-in-paths.ts';
import { assertNotForeign, visitorOf } from './visitor.ts';

/** `POST /sign-in/passkey/options`: the options for `navigator.credentials.get`, and the cookie that binds them. */
export const postPasskeyOptions =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    assertNotForeign(deps, req);
    const { options, binding } = await beginPasskeySignIn(deps);
    setCookie(res, PASSKEY_COOKIE, { value: binding, maxAgeMs: CHALLENGE_TTL_MS, sameSite: 'lax' });
    res.set('Cache-Control', 'no-store').json(options);
  };

/** `POST /sign-in/passkey` with the browser's credential: 204 and the session cookie. Throws `unauthenticated`, `invalid`, `forbidden`. */
export const postPasskeySignIn =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    assertNotForeign(deps, req);
    const answer = parseInput(signInAnswer, req.body);
    const binding = readCookie(req, PASSKEY_COOKIE);
    clearCookie(res, PASSKEY_COOKIE);
    const entered = await signInWithPasskey(deps, {
      answer,
      organization: organizationWish(answer.organization),
      binding,
      cause: causeOf(res, { kind: 'anonymous' }),
      device: readCookie(req, DEVICE_COOKIE),
    }).catch((error: unknown) => {
      if (isGatehouseError(error, 'unauthenticated'))
        recordPasskeyRefusal(deps, res, { credentialId: answer.id, error });
      throw error;
    });
    await enterLocally(deps, { req, res }, entered);
    res.status(204).set('Cache-Control', 'no-store').end();
  };

/**
 * `POST /sign-in-again/passkey` with the browser's credential: 204 and a new session cookie in place of this one. Throws
 * `unauthenticated`, `invalid`, `forbidden`.
 */
export const postPasskeyAgain =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const visitor = await visitorOf(deps, req);
    if (visitor === undefined) throw new GatehouseError('unauthenticated', 'Sign in first.');
    const answer = parseInput(signInAnswer, req.body);
    const binding = readCookie(req, PASSKEY_COOKIE);
    clearCookie(res, PASSKEY_COOKIE);
    const { signedIn } = visitor;
    const cause = causeOf(res, actorOf(callerFrom(signedIn)));
    const { sessionToken } = await stepUpWithPasskey(deps, { answer, binding, cause, signedIn });
    setSessionCookie(res, sessionToken);
    res.status(204).set('Cache-Control', 'no-store').end();
  };
