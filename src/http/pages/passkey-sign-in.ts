/** Signing in with a passkey: two JSON doors that the script of the sign-in page knocks at. */
import type { RequestHandler } from 'express';
import { beginPasskeySignIn, signInWithPasskey } from '../../core/passkey-sign-in.ts';
import { CHALLENGE_TTL_MS } from '../../core/passkeys.ts';
import { parseInput } from '../api/input.ts';
import { clearCookie, DEVICE_COOKIE, PASSKEY_COOKIE, readCookie, setCookie } from '../cookies.ts';
import type { HttpDeps } from '../deps.ts';
import { enterLocally } from '../local-sign-in.ts';
import { signInAnswer } from '../passkey-answers.ts';
import { causeOf } from '../request-facts.ts';
import { assertNotForeign } from './visitor.ts';

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
      binding,
      cause: causeOf(res, { kind: 'anonymous' }),
      device: readCookie(req, DEVICE_COOKIE),
    });
    await enterLocally(deps, { req, res }, entered);
    res.status(204).set('Cache-Control', 'no-store').end();
  };
