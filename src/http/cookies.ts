/** Cookies: all `__Host-`, HttpOnly and Secure; read from the raw header, because nothing else is needed of it. */
import type { Request, Response } from 'express';

export const SESSION_COOKIE = '__Host-gatehouse-session';
/** A sign-in that waits for its second step in this browser. */
export const SECOND_STEP_COOKIE = '__Host-gatehouse-second-step';
/** Says that somebody has signed in here before; opens nothing (S178). */
export const DEVICE_COOKIE = '__Host-gatehouse-device';
/** Binds a passkey sign-in to this browser. */
export const PASSKEY_COOKIE = '__Host-gatehouse-passkey';
export const OPERATOR_COOKIE = '__Host-gatehouse-operator';

/**
 * Says that the browser has a session, and nothing else. It travels where the session cookie does not, with the form an
 * identity provider posts: then somebody may be signed in here, and must be asked (S48).
 */
export const SIGNED_IN_COOKIE = '__Host-gatehouse-signed-in';

/** One for each secret link that is open in this browser. */
export const LINK_COOKIE_PREFIX = '__Host-gatehouse-link-';
/** What the link carries, under a reference that says nothing of it (S168). */
export const linkCookie = (reference: string): string => `${LINK_COOKIE_PREFIX}${reference}`;

/** One binding cookie per sign-in, so that several tabs work at once; the name carries the sign-in's own id. */
export const bindingCookie = (signInId: string): string => `__Host-gatehouse-sign-in-${signInId}`;

/** The value of one cookie; undefined when absent, or sent twice (a sibling host tried to shadow it). */
export function readCookie(req: Request, name: string): string | undefined {
  const values = (req.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 && values[0] !== '' ? values[0] : undefined;
}

/** Whether the browser shows a sign-in that it has begun and not ended, anybody's. */
export const showsOpenSignIn = (req: Request): boolean =>
  (req.headers.cookie ?? '').includes(`${bindingCookie('sin_')}`);

interface CookieOptions {
  readonly value: string;
  readonly maxAgeMs: number;
  /** `none` only for the binding cookie and the mark, which must travel with a cross-site POST from the IdP (S187). */
  readonly sameSite: 'lax' | 'none';
}

/** The header that Express's `cookie` writes (RFC 6265 §4.1), without its checks of names and options that are all ours. */
export function setCookie(res: Response, name: string, { value, maxAgeMs, sameSite }: CookieOptions): void {
  const life = `Max-Age=${Math.floor(maxAgeMs / 1000)}; Path=/; Expires=${new Date(Date.now() + maxAgeMs).toUTCString()}`;
  const travels = sameSite === 'lax' ? 'Lax' : 'None';
  res.appendHeader(
    'Set-Cookie',
    `${name}=${encodeURIComponent(value)}; ${life}; HttpOnly; Secure; SameSite=${travels}`,
  );
}

export function clearCookie(res: Response, name: string): void {
  res.clearCookie(name, { httpOnly: true, secure: true, path: '/', sameSite: 'lax' });
}
