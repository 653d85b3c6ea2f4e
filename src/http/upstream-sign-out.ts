/** Signing out at the identity provider as well, after the session here has ended: the way there, and the way back. */
import type { Request, Response } from 'express';
import type { Connection } from '../core/entities/connection.ts';
import type { Session } from '../core/entities/session.ts';
import { SIGN_IN_TTL_MS } from '../core/sign-in/sign-ins.ts';
import {
  beginUpstreamSignOut,
  type SignOutStart,
  takeUpstreamSignOut,
} from '../core/sign-in/upstream-sign-outs.ts';
import { newToken } from '../kernel/tokens.ts';
import { bindingCookie, clearCookie, readCookie, setCookie } from './cookies.ts';
import type { HttpDeps } from './deps.ts';
import { oidcSignOut } from './oidc/sign-out.ts';
import { seeOther } from './pages/layout.ts';
import { loggerOf } from './request-facts.ts';
import { samlSignOut } from './saml/sign-out.ts';
import { speaks } from './sign-in-answer.ts';

/** The page that says so, when nothing more is to be done. */
export const signedOutPath = ({ id }: Pick<Connection, 'id'>): string => `/signed-out/${id}`;

/**
 * The page from which the browser goes on to sign out at the identity provider of a session that has just ended; null when
 * there is none, or it takes no sign-outs, or cannot be asked now. Never throws for the provider's faults: the session
 * here has ended whatever they are. `returnTo` is from `ownPath`.
 */
export async function startUpstreamSignOut(
  deps: HttpDeps,
  res: Response,
  { session, returnTo }: { readonly session: Session; readonly returnTo: string | null },
): Promise<string | null> {
  const { organizationId, connectionId } = session;
  const connection =
    connectionId === null ? undefined : await deps.storage.connections.find(organizationId, connectionId);
  if (connection?.status !== 'active') return null;
  const handle = newToken('ghr');
  const start = await begin(deps, connection, { session, handle }).catch((error: unknown) => {
    loggerOf(res).warn('sign-out upstream', { connectionId, error });
    return undefined;
  });
  if (start === undefined) return null;
  const { pending, binding } = await beginUpstreamSignOut(deps, { connection, handle, start, returnTo });
  setCookie(res, bindingCookie(pending.id), { value: binding, maxAgeMs: SIGN_IN_TTL_MS, sameSite: 'none' });
  return `${signedOutPath(connection)}/${handle}`;
}

async function begin(
  deps: HttpDeps,
  connection: Connection,
  input: { readonly session: Session; readonly handle: string },
): Promise<SignOutStart | undefined> {
  const { upstream } = input.session;
  if (upstream === null) return undefined;
  if (speaks(connection, 'saml')) return samlSignOut(deps, { connection, upstream, handle: input.handle });
  if (speaks(connection, 'oidc')) return oidcSignOut(deps, { connection, upstream, handle: input.handle });
  return undefined;
}

export interface UpstreamSignOutEnd {
  readonly connection: Connection;
  /** RelayState or `state` as it came back; what is not ours fits nothing. */
  readonly handle: unknown;
  /** Whether this is the answer to that request (SAML); absent: the handle says enough. */
  readonly answers?: (requestId: string | null) => boolean;
  /** False when the provider says that it did not end everything. */
  readonly isComplete: boolean;
}

/** The browser is back: on to where it wanted to go, or to the page that says it is signed out. Nothing depends on it. */
export async function finishUpstreamSignOut(
  deps: HttpDeps,
  { req, res }: { readonly req: Request; readonly res: Response },
  { connection, handle, answers = () => true, isComplete }: UpstreamSignOutEnd,
): Promise<void> {
  const pending =
    typeof handle === 'string'
      ? await takeUpstreamSignOut(deps, {
          connection,
          handle,
          bindingOf: (id) => readCookie(req, bindingCookie(id)),
        })
      : undefined;
  if (pending !== undefined) clearCookie(res, bindingCookie(pending.id));
  const returnTo = pending !== undefined && answers(pending.requestId) ? pending.returnTo : null;
  seeOther(res, returnTo ?? `${signedOutPath(connection)}${isComplete ? '' : '?upstream=partial'}`);
}
