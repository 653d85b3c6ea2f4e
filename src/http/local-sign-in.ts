/** What a browser is given when somebody has signed in here without an identity provider: the session and a known device. */
import type { Request, Response } from 'express';
import type { Entered } from '../core/credentials/local-entry.ts';
import { DEVICE_TTL_MS } from '../core/sign-in/known-device.ts';
import { DEVICE_COOKIE, setCookie } from './cookies.ts';
import type { HttpDeps } from './deps.ts';
import { recordEntry } from './local-sign-in-recording.ts';
import { enterSession } from './session-cookie.ts';

/** Sets both cookies; the session shown before ends (S184). */
export async function enterLocally(
  deps: HttpDeps,
  exchange: { readonly req: Request; readonly res: Response },
  entered: Pick<Entered, 'sessionToken' | 'entry'> & { readonly deviceToken: string | undefined },
): Promise<void> {
  const { entry } = entered;
  recordEntry(deps, exchange.res, { ...entry, protocol: entry.amr.includes('pwd') ? 'password' : 'passkey' });
  await enterSession(deps, exchange, entered.sessionToken);
  const { deviceToken: value } = entered;
  if (value !== undefined)
    setCookie(exchange.res, DEVICE_COOKIE, { value, maxAgeMs: DEVICE_TTL_MS, sameSite: 'lax' });
}
