/** The way to an OpenID provider's end of session, for the session that has just ended here (RP-Initiated Logout 1.0 §2). */
import { connectionUrls } from '../../core/connections/connections.ts';
import type { UpstreamSession } from '../../core/entities/session.ts';
import type { SignOutStart } from '../../core/sign-in/upstream-sign-outs.ts';
import type { HttpDeps } from '../deps.ts';
import type { ConnectionOf } from '../sign-in-answer.ts';
import { oidcTrust } from './connection-trust.ts';

export interface OidcSignOut {
  readonly connection: ConnectionOf<'oidc'>;
  readonly upstream: UpstreamSession;
  /** Becomes `state`. */
  readonly handle: string;
}

/** Answers where to send the browser; undefined when the provider offers no such place or is down. */
export async function oidcSignOut(
  deps: HttpDeps,
  { connection, upstream, handle }: OidcSignOut,
): Promise<SignOutStart | undefined> {
  const url = await deps.oidc.endSessionUrl({
    connection: oidcTrust(deps, connection),
    idToken: upstream.idToken,
    postLogoutRedirectUri: connectionUrls(deps.baseUrl, connection.id).postLogoutRedirectUri,
    state: handle,
  });
  return url === undefined ? undefined : { url, requestId: null };
}
